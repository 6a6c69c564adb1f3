import { defineStateKey } from "@netra-apex/core";
import * as z from "zod";

/** How fast a service answered. */
export const latency = z.object({
  p50Ms: z.number(),
  p95Ms: z.number(),
  /** How many times the baseline `p50Ms` is. */
  slowdown: z.number(),
});

export type Latency = z.infer<typeof latency>;

/** Where the agent leaves its result for the rest of the run. */
export const latencyKey = defineStateKey("latency", latency);
