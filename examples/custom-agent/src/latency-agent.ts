import path from "node:path";
import { type Agent, defineAgent } from "@netra-apex/core";
import * as z from "zod";
import { latencyKey } from "./latency.ts";
import { measureLatency } from "./measure-latency.ts";
import { percentile } from "./percentile.ts";
import { readBaseline } from "./read-baseline.ts";
import { startService } from "./start-service.ts";

/** What stands under `input:` in apex.yaml. */
const input = z.strictObject({
  /** A Node program of the project; the first line that it prints is the URL on which it listens. */
  service: z.string(),
  path: z.string().startsWith("/").default("/"),
  requests: z.int().min(1).max(10_000).default(100),
  /** A JSON file of the project with the `p50Ms` to compare with. */
  baseline: z.string(),
});

/** What the agent works with; a test puts something else in its place. */
export interface LatencyParts {
  readonly measure: typeof measureLatency;
  readonly baseline: typeof readBaseline;
  readonly start: typeof startService;
}

/** Makes the agent that starts a service, measures how long its answers take, and compares that with a baseline. */
export function createLatencyAgent({
  measure = measureLatency,
  baseline = readBaseline,
  start = startService,
}: Partial<LatencyParts> = {}): Agent<z.infer<typeof input>> {
  return defineAgent({
    name: "latency",
    version: "1.0.0",
    description: "measures how fast a service answers",
    input,
    tools: [measure, baseline],
    limits: { timeoutMs: 120_000, graceMs: 2_000 },

    async execute(task, context) {
      const { projectRoot } = context.run;
      const file = path.resolve(projectRoot, task.baseline);
      const { p50Ms: baselineMs } = await context.callTool(baseline, { file });

      context.think(`starting ${task.service}`);
      const service = await start(task.service, {
        cwd: projectRoot,
        signal: context.signal,
        onOutput: (text) => context.emit({ type: "output", text }),
      });
      try {
        const url = new URL(task.path, service.url).href;
        context.think(`${task.requests} requests to ${task.path}, one after another`);
        const { durationsMs, refused } = await context.callTool(measure, { url, requests: task.requests });
        if (refused > 0) {
          const reason = `${refused} of ${task.requests} requests to ${task.path} were refused`;
          return { outcome: { status: "failed", reason } };
        }

        const p50Ms = percentile(durationsMs, 0.5);
        const p95Ms = percentile(durationsMs, 0.95);
        const slowdown = p50Ms / baselineMs;
        context.measure("p50_ms", p50Ms, "ms");
        context.measure("p95_ms", p95Ms, "ms");
        context.measure("slowdown", slowdown);
        context.state.set(latencyKey, { p50Ms, p95Ms, slowdown });
        return undefined;
      } finally {
        await service.stop();
      }
    },
  });
}
