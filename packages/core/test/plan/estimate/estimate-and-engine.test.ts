import * as fc from "fast-check";
import { expect, it } from "vitest";
import { delay } from "../../../src/clock.ts";
import { estimatePlan } from "../../../src/plan/estimate/estimate-plan.ts";
import { pastDurationsOf } from "../../../src/plan/estimate/past-durations.ts";
import { scriptedAgent } from "../../../src/testing/agents.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { TestRun } from "../../../src/testing/test-run.ts";
import { planOf } from "../../rig/run-rig.ts";

/** No two sums of some of these are the same, so no two nodes end at once. */
const distinctMs = (index: number): number => 2 ** index;

const cases = fc.record({
  maxParallel: fc.integer({ min: 1, max: 4 }),
  order: fc.shuffledSubarray([...Array.from({ length: 10 }).keys()], { minLength: 10 }),
  layers: fc.array(
    fc.record({
      executionMode: fc.constantFrom("parallel" as const, "sequential" as const),
      isGated: fc.boolean(),
      nodes: fc.array(
        fc.record({
          needs: fc.array(fc.nat({ max: 9 }), { maxLength: 2 }),
          mutexes: fc.subarray(["a", "b"]),
          reserves: fc.record({ memoryBytes: fc.integer({ min: 0, max: 6 }) }),
          exclusive: fc.nat({ max: 7 }).map((value) => value === 0),
        }),
        { minLength: 1, maxLength: 5 },
      ),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});

it("the engine itself takes exactly as long as estimated, where every node takes what it always took", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ layers, maxParallel, order }) => {
      const history = new Map<string, number[]>();
      const sketches = layers.map(({ nodes, isGated, executionMode }, index) => ({
        id: `layer ${index}`,
        executionMode,
        maxParallel: executionMode === "sequential" ? 1 : maxParallel,
        gates: isGated && index > 0 ? [`layer ${index - 1}`] : [],
        nodes: nodes.map(({ needs, ...node }, position) => {
          const id = `${index}.${position}`;
          history.set(id, [distinctMs(order[history.size] ?? 0)]);
          const before = position === 0 ? [] : needs.map((need) => `${index}.${need % position}`);
          return { id, needs: [...new Set(before)], ...node };
        }),
      }));
      const plan = planOf(sketches, { maxParallel, capacity: { memoryBytes: 8 } });
      const clock = new ManualClock();
      const agent = scriptedAgent("rig", (_, { node }) => delay(clock, history.get(node.id)?.[0] ?? 0));
      const run = new TestRun(plan, { clock, agents: [agent], pastDurationsMs: pastDurationsOf(history) });
      await clock.advance(distinctMs(10));
      const { durationMs } = await run.summary;
      const estimate = estimatePlan(plan, history, { samples: 3 });
      expect(estimate.run?.predictedMs).toBe(durationMs);
      const ends = run.all("layer_completed").map((end) => [end.layerId, end.durationMs]);
      expect(Object.fromEntries(ends)).toEqual(
        Object.fromEntries(estimate.layers.map((layer) => [layer.layerId, layer.predictedMs])),
      );
    }),
    { numRuns: 40 },
  );
}, 60_000);
