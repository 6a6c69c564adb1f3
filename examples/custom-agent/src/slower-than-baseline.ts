import type { ConditionCheck } from "@netra-apex/core";
import { latency, latencyKey } from "./latency.ts";

/** `when: { check: slower_than_baseline }`: whether the last measurement of this run was slower than its baseline. */
export const slowerThanBaseline: ConditionCheck = ({ state }) => {
  const { success, data } = latency.safeParse(state(latencyKey.name));
  if (!success) return "nothing has measured the latency";
  return data.slowdown > 1 || "the service is as fast as its baseline";
};
