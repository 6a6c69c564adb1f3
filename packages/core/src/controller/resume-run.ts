import { ownValue } from "../config/own-value.ts";
import { createAgents } from "../agents/plugin.ts";
import { maskPlan } from "../events/mask-event.ts";
import { extendedPlan } from "../plan/extended-plan.ts";
import { fingerprintNodes } from "../engine/fingerprint.ts";
import { type KeptNode, type RecoveredRun, withoutSpawnedBy } from "../engine/recover.ts";
import type { NodeId } from "../ids.ts";
import { stars } from "../mask.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import { type RunHandle, type RunPlanOptions, startRun } from "./master-controller.ts";

/** How an interrupted run is gone on with. */
export interface ResumeOptions extends Omit<RunPlanOptions, "resumes"> {
  /** The plan as it would be now, where config or selection may have changed since; the recovered one when absent. */
  readonly plan?: Plan;
}

/**
 * Goes on with an interrupted run as a new one: nodes that had passed are kept when everything that their results depend
 * on is still the same (agent and version, input, environment, `inputFingerprint`, and all of that for what they wait for);
 * the rest runs. Throws what `startRun` throws.
 */
export function resumeRun(recovered: RecoveredRun, options: ResumeOptions): RunHandle {
  const { plan: now, ...settings } = options;
  const agents = createAgents(options.agents);
  const versions = new Map(agents.map(({ name, version }) => [name, version]));
  const { plan, kept } = planResume(recovered, now ?? recovered.plan, {
    agentVersion: (name) => versions.get(name),
    inputFingerprint: options.inputFingerprint,
    mask: options.mask,
  });
  return startRun(plan, { ...settings, agents, resumes: { runId: recovered.runId, kept } });
}

interface PresentFacts {
  readonly agentVersion: (name: string) => string | undefined;
  readonly inputFingerprint: string | undefined;
  readonly mask: RunPlanOptions["mask"];
}

/** What is to be run, and which of it is kept. */
function planResume(
  recovered: RecoveredRun,
  now: Plan,
  { agentVersion, inputFingerprint, mask }: PresentFacts,
): { readonly plan: Plan; readonly kept: ReadonlyMap<NodeId, KeptNode> } {
  const before = fingerprintNodes(recovered.plan, {
    agentVersion: (name) => ownValue(recovered.agentVersions, name),
    extra: () => recovered.inputFingerprint,
  });
  let plan = withAddedNodes(now, recovered.plan);
  for (;;) {
    // The log has the plan as it was masked.
    const present = fingerprintNodes(mask ? maskPlan(plan, mask) : plan, {
      agentVersion,
      extra: () => inputFingerprint,
    });
    const kept = new Map<NodeId, KeptNode>();
    for (const [id, fingerprint] of present) {
      const pass = recovered.kept.get(id);
      if (pass && before.get(id) === fingerprint && !(mask && hasMaskedState(pass))) kept.set(id, pass);
    }
    const rerun = plan.nodes.filter(({ id }) => !kept.has(id)).map(({ id }) => id);
    const smaller = withoutSpawnedBy(plan, rerun);
    if (smaller.nodes.length === plan.nodes.length) return { plan, kept };
    // What waited for nodes that are gone now waits for others: it may not be the same any more.
    plan = smaller;
  }
}

/** What it had shared with others was written down with stars in the place of secrets: nobody could work with that. */
function hasMaskedState({ state }: KeptNode): boolean {
  return state.some(({ value }) => JSON.stringify(value)?.includes(stars) ?? false);
}

/** The plan with the nodes that agents had added to the interrupted run, as far as what they hang on is still there. */
function withAddedNodes(now: Plan, before: Plan): Plan {
  const known = new Set(now.nodes.map(({ id }) => id));
  const added: PlanNode[] = [];
  for (const node of before.nodes) {
    if (node.spawnedBy === undefined || known.has(node.id) || !known.has(node.spawnedBy)) continue;
    if (!node.needs.every((need) => known.has(need))) continue;
    known.add(node.id);
    added.push(node);
  }
  return added.length === 0 ? now : extendedPlan(now, added);
}
