import {
  type Config,
  type MissingResource,
  type Service,
  type ServiceHealth,
  type ServiceOwner,
  type ServiceState,
  delay,
  systemClock,
} from "@netra-apex/core";
import {
  addressOfPlace,
  probeOfInstance,
  readyState,
  type ProbeSurroundings,
  runningProbe,
  stateOfProblem,
  usualHealth,
} from "./readiness.ts";
import { type FinderOptions, type FoundService, ServiceFinder } from "./service-finder.ts";
import { waitUntilReady } from "../wait/wait-until-ready.ts";
import type { ServiceChange } from "./bring-up.ts";

/** How a service is now. */
export interface ServiceReport {
  readonly service: string;
  readonly state: ServiceState;
  /** Whether tests could use it as it is. */
  readonly isUsable: boolean;
  readonly owner?: ServiceOwner;
  /** `host:port`. */
  readonly address?: string;
  /** Why it cannot be used. */
  readonly reason?: string;
  readonly version?: string;
}

const lookMs = 5_000;

/** Looks once at services, all at the same time, each as long as its engine and its check may take. Starts nothing. */
export async function lookAtServices(
  config: Pick<Config, "services" | "projectRoot">,
  names: readonly string[],
  options: FinderOptions = {},
): Promise<readonly ServiceReport[]> {
  const finder = new ServiceFinder(config, options);
  return Promise.all(
    names.map(async (name) => {
      const found = await finder.find(name);
      return reportOf(found, await finder.surroundings(name), options);
    }),
  );
}

/** Waits until services are ready that somebody else starts; each within its own deadline where none is given. */
export async function waitForServices(
  config: Pick<Config, "services" | "projectRoot">,
  names: readonly string[],
  options: FinderOptions & {
    readonly signal: AbortSignal;
    /** For all of them, in milliseconds. */
    readonly deadlineMs?: number;
    readonly onReady?: (change: ServiceChange) => void;
  },
): Promise<{ readonly ready: readonly ServiceChange[]; readonly missing: readonly MissingResource[] }> {
  const ready: ServiceChange[] = [];
  const missing: MissingResource[] = [];
  const waits = names.map(async (name) => {
    const result = await waitForOne(name, config, options);
    if ("kind" in result) missing.push(result);
    else {
      ready.push(result);
      options.onReady?.(result);
    }
  });
  await Promise.all(waits);
  return { ready, missing };
}

async function reportOf(
  { service, instance, error }: FoundService,
  surroundings: ProbeSurroundings,
  { signal = new AbortController().signal }: FinderOptions,
): Promise<ServiceReport> {
  const { name } = service;
  if (!instance) {
    const state = error === undefined ? "missing" : "unreachable";
    return { service: name, state, isUsable: false, reason: error ?? "not started" };
  }
  const address = addressOfPlace(instance.place);
  const known = { service: name, owner: instance.owner, ...(address === undefined ? {} : { address }) };
  const probe = probeOfInstance(service, instance, surroundings);
  const limits = { deadlineMs: Math.min(lookMs, service.health?.timeoutMs ?? lookMs), signal };
  const result = await (probe ?? runningProbe(instance))(limits);
  if (!result.isReady) {
    return { ...known, state: stateOfProblem(result.problem), isUsable: false, reason: result.detail };
  }
  const { version } = result;
  const state = readyState(service, probe);
  return { ...known, state, isUsable: true, ...(version === undefined ? {} : { version }) };
}

const findAgainMs = 500;

async function waitForOne(
  name: string,
  config: Pick<Config, "services" | "projectRoot">,
  options: FinderOptions & { readonly signal: AbortSignal; readonly deadlineMs?: number },
): Promise<ServiceChange | MissingResource> {
  const startedMs = performance.now();
  const service = config.services.get(name) as Service;
  const health: Omit<ServiceHealth, "check"> = service.health ?? usualHealth;
  const deadlineMs = options.deadlineMs ?? health.deadlineMs;
  const left = (): number => deadlineMs - (performance.now() - startedMs);
  const missing = (reason: string): MissingResource => ({
    kind: "service",
    name,
    reason: `not ready within ${deadlineMs / 1_000} s: ${reason}`,
    ...(service.provider.kind === "external" ? {} : { fix: `apex services up ${name}` }),
  });
  for (;;) {
    const finder = new ServiceFinder(config, options);
    const { instance, error } = await finder.find(name);
    if (instance) {
      const probe = probeOfInstance(service, instance, await finder.surroundings(name));
      const result = await waitUntilReady({
        probe: probe ?? runningProbe(instance),
        health: { ...health, deadlineMs: Math.max(1, left()) },
        signal: options.signal,
        isOneShot: service.isOneShot,
        ...(instance.owner === "foreign" ? {} : { status: (limits) => instance.status(limits) }),
      });
      if (result.outcome === "aborted") return missing("given up");
      if (result.outcome === "ready") {
        const address = addressOfPlace(instance.place);
        return {
          service: name,
          to: readyState(service, probe),
          owner: instance.owner,
          ...(address === undefined ? {} : { address }),
          durationMs: Math.round(performance.now() - startedMs),
        };
      }
      // What has ended may be started again by whoever looks after it.
      if (left() <= findAgainMs) return missing(result.reason);
    }
    if (options.signal.aborted || left() <= findAgainMs) return missing(error ?? "nobody has started it");
    await delay(systemClock, findAgainMs, options.signal).catch(() => undefined);
  }
}
