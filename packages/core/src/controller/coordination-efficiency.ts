import type { CoordinationEfficiency } from "../events/run-event.ts";

/** Works out the efficiency; one measured as more than 1, by clocks that differ, is 1. */
export function coordinationEfficiency({
  busyMs,
  agents,
  wallMs,
}: Pick<CoordinationEfficiency, "busyMs" | "agents" | "wallMs">): CoordinationEfficiency {
  if (agents === 0) return { efficiency: 0, busyMs, agents, wallMs, formula: "no agent ran" };
  // Busy for less than the millisecond that `at` can tell is busy all the time.
  const efficiency = busyMs === 0 ? 0 : Math.min(1, busyMs / (agents * wallMs));
  const capacity = `${agents} ${agents === 1 ? "agent" : "agents"} × ${spelledDuration(wallMs)}`;
  const formula = `${spelledDuration(busyMs)} busy / (${capacity}) = ${(efficiency * 100).toFixed(1)} %`;
  return { efficiency, busyMs, agents, wallMs, formula };
}

/** A number with a unit, which a formula needs: minutes and seconds cannot be divided at sight. */
function spelledDuration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
