import type { EnforcementCounts, RunEventOf } from "../events/run-event.ts";
import type { Enforcement } from "../layers/limits.ts";

/** How the limits of one node were enforced; `undefined` for one without limits. */
export function enforcementOf({ evidence }: RunEventOf<"node_completed">): EnforcementCounts | undefined {
  const { memory, cpu } = evidence?.limits ?? {};
  if (!memory && !cpu) return undefined;
  return {
    memory: memory ? { [memory.enforcement]: 1 } : {},
    cpu: cpu ? { [cpu.enforcement]: 1 } : {},
  };
}

/** Adds counts of enforcement; nothing and something is something. */
export function addEnforcement(
  left: EnforcementCounts | undefined,
  right: EnforcementCounts | undefined,
): EnforcementCounts | undefined {
  if (!left || !right) return left ?? right;
  return { memory: addEach(left.memory, right.memory), cpu: addEach(left.cpu, right.cpu) };
}

function addEach(left: EnforcementCounts["memory"], right: EnforcementCounts["memory"]): EnforcementCounts["memory"] {
  const sum: Partial<Record<Enforcement, number>> = { ...left };
  for (const [level, count] of Object.entries(right) as [Enforcement, number][]) sum[level] = (sum[level] ?? 0) + count;
  return sum;
}
