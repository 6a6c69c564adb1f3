import { ApexError, type CategoryTask, layerExecutionAgentName, type Plan } from "@netra-apex/core";
import { isContainerRun, type LimitLevels, type ProcessGuard } from "@netra-apex/runner";

/** `limits: { strict: true }`, and this machine cannot enforce a limit. */
class LimitsUnenforceableError extends ApexError {
  readonly code = "APEX_LIMITS_UNENFORCEABLE";
}

/**
 * Throws `LimitsUnenforceableError` when a category of the plan has a limit that this machine cannot enforce. Those of a command
 * that runs a container are its engine's to enforce.
 */
export async function requireLimits({ nodes }: Plan, guard: ProcessGuard): Promise<void> {
  const limited = nodes.filter((node) => node.agent === layerExecutionAgentName && !node.skip);
  const asked = limited
    .map((node) => ({ id: node.id, task: node.input as CategoryTask }))
    .filter(({ task }) => !isContainerRun(task.command))
    .map(({ id, task }) => ({ id, limits: task.limits }));
  if (asked.every(({ limits }) => limits === undefined)) return;
  const levels = await guard.limitLevels();
  const missing = asked.flatMap(({ id, limits }) => [
    ...(limits?.memoryBytes !== undefined && !isEnforced(levels.memory) ? [`the memory of ${id}`] : []),
    ...(limits?.cpus !== undefined && !isEnforced(levels.cpu) ? [`the CPUs of ${id}`] : []),
  ]);
  if (missing.length === 0) return;
  throw new LimitsUnenforceableError(`limits are strict, and this machine cannot enforce ${missing.join(", ")}`, {
    hint: "give apex a control group of its own (cgroup v2, see APEX_CGROUP), run the command in a container, or take out limits.strict",
  });
}

function isEnforced(level: LimitLevels["memory"]): boolean {
  return level !== "hint" && level !== "none";
}
