import { definePlugin } from "@netra-apex/core";
import { createLatencyAgent } from "./latency-agent.ts";
import { slowerThanBaseline } from "./slower-than-baseline.ts";

export { createLatencyAgent, type LatencyParts } from "./latency-agent.ts";
export { type Latency, latencyKey } from "./latency.ts";
export { measureLatency } from "./measure-latency.ts";
export { readBaseline } from "./read-baseline.ts";

/** What `plugins: ["@example/apex-latency"]` adds to a run. */
export default definePlugin({
  agents: [createLatencyAgent],
  conditions: { slower_than_baseline: slowerThanBaseline },
});
