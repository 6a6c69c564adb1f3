import { defineTool } from "@netra-apex/core";
import * as z from "zod";

/** Requests that are not measured: they load the service's code and open the connection. */
const warmUps = 5;

/** Requests a URL again and again, and says how long each answer took. */
export const measureLatency = defineTool({
  name: "measure_latency",
  description: "Requests a URL n times, one after another, and returns each answer's milliseconds.",
  input: z.object({ url: z.url(), requests: z.int().min(1) }),
  output: z.object({ durationsMs: z.array(z.number().nonnegative()), refused: z.int() }),
  evidence: "local-real",
  async run({ url, requests }, { signal }) {
    const durationsMs: number[] = [];
    let refused = 0;
    for (let count = -warmUps; count < requests; count += 1) {
      const startedMs = performance.now();
      const response = await fetch(url, { signal });
      await response.arrayBuffer();
      if (count < 0) continue;
      durationsMs.push(performance.now() - startedMs);
      if (!response.ok) refused += 1;
    }
    return { durationsMs, refused };
  },
});
