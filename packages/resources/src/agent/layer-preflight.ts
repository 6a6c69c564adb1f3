import {
  delay,
  type LayerAdmission,
  type LayerNeeds,
  type LayerRequest,
  type MissingResource,
  type PlanLayer,
  type SurroundingsEvent,
  systemClock,
} from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import type { ServiceManager } from "../manager/service-manager.ts";
import { checkRequirements } from "../preflight/check-requirements.ts";
import { summarizeMissing } from "../preflight/describe-missing.ts";
import type { EnvironmentWatch } from "./environment-watch.ts";

interface LayerPreflightOptions {
  readonly manager: ServiceManager;
  readonly environment: EnvironmentWatch;
  readonly projectRoot: string;
  readonly report: (event: SurroundingsEvent) => void;
}

interface Look {
  readonly missing: readonly MissingResource[];
  readonly env: Readonly<Record<string, string>>;
}

/** Between two looks of a layer that waits for what is not there. */
const waitLookMs = 2_000;

/** What it may take to find out what else a layer needs, in milliseconds. */
const requirementsMs = 10_000;

const withoutNeeds: LayerNeeds = { services: [], whenUnavailable: "fail", waitTimeoutMs: 0 };

/** Looks, before a layer starts, whether all that it needs is there, and brings up what can be brought up. */
export class LayerPreflight {
  readonly #options: LayerPreflightOptions;

  constructor(options: LayerPreflightOptions) {
    this.#options = options;
  }

  /** Rejects with the signal's reason. */
  async admit({ layer, signal }: LayerRequest): Promise<LayerAdmission> {
    const { needs = withoutNeeds } = layer;
    const untilMs = performance.now() + needs.waitTimeoutMs;
    let told = "";
    for (;;) {
      const { missing, env } = await this.#look(layer, needs, signal);
      if (missing.length === 0) return { kind: "admitted", env };
      const text = missing.map(({ kind, name, reason }) => `${kind} ${name}: ${reason}`).join("\n");
      if (text !== told) {
        told = text;
        this.#options.report({ type: "resources_missing", layerId: layer.id, missing, policy: needs.whenUnavailable });
      }
      const leftMs = untilMs - performance.now();
      if (needs.whenUnavailable !== "wait" || leftMs <= 0) return refusal(layer, needs, missing);
      // The last look is when the time is over.
      await delay(systemClock, Math.min(waitLookMs, leftMs), signal);
    }
  }

  /** Everything at once, so that a person hears of all of it. */
  async #look(layer: PlanLayer, needs: LayerNeeds, signal: AbortSignal): Promise<Look> {
    const { manager, environment, projectRoot } = this.#options;
    const { budgetMs } = layer;
    const [requirements, surroundings, services] = await Promise.all([
      needs.requires
        ? checkRequirements(needs.requires, {
            projectRoot,
            signal,
            deadlineMs: requirementsMs,
            engineStatus: engineProblem,
            ...(budgetMs === undefined ? {} : { layerBudgetMs: budgetMs }),
          })
        : [],
      environment.prepare({ signal, ...(budgetMs === undefined ? {} : { layerBudgetMs: budgetMs }) }),
      manager.up(needs.services, signal),
    ]);
    return {
      missing: [...services, ...requirements, ...surroundings.missing],
      env: { ...surroundings.env, ...manager.variablesOf(manager.withNeeds(needs.services)) },
    };
  }
}

async function engineProblem(limits: AskLimits): Promise<Pick<MissingResource, "reason" | "fix"> | undefined> {
  const { engineStatus } = await import("../docker/engine-status.ts");
  const status = await engineStatus(limits);
  if (status.isAvailable) return undefined;
  return { reason: status.reason, ...(status.fix === undefined ? {} : { fix: status.fix }) };
}

function refusal(
  layer: PlanLayer,
  { whenUnavailable }: LayerNeeds,
  missing: readonly MissingResource[],
): LayerAdmission {
  const reason = summarizeMissing(layer.name, missing);
  return {
    kind: "refused",
    outcome:
      whenUnavailable === "skip"
        ? { status: "skipped", cause: "service", reason }
        : { status: "errored", failureClass: "infrastructure", reason },
  };
}
