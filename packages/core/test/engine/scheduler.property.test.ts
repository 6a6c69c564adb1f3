import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PlanGraph } from "../../src/engine/plan-graph.ts";
import { Scheduler } from "../../src/engine/scheduler.ts";
import type { Plan, PlanNode } from "../../src/plan/plan.ts";
import { type LayerSketch, planOf } from "../rig/run-rig.ts";

/** A plan of independent nodes with all kinds of demands, and an order in which running ones end. */
const cases = fc.record({
  maxParallel: fc.integer({ min: 1, max: 5 }),
  memoryBytes: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  cpus: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  layers: fc.array(
    fc.record({
      executionMode: fc.constantFrom("parallel" as const, "sequential" as const),
      maxParallel: fc.integer({ min: 1, max: 4 }),
      memoryBytes: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
      nodes: fc.array(
        fc.record({
          memoryBytes: fc.integer({ min: 0, max: 12 }),
          cpus: fc.integer({ min: 0, max: 5 }),
          mutexes: fc.subarray(["a", "b", "c"]),
          exclusive: fc.nat({ max: 5 }).map((value) => value === 0),
        }),
        { maxLength: 12 },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  endings: fc.infiniteStream(fc.nat()),
});
type Case = typeof cases extends fc.Arbitrary<infer Value> ? Value : never;

function planOfCase({ maxParallel, memoryBytes, cpus, layers }: Case): Plan {
  const sketches = layers.map(({ nodes, memoryBytes: ofLayer, ...layer }, index): LayerSketch => ({
    id: `layer ${index}`,
    ...layer,
    maxParallel: layer.executionMode === "sequential" ? 1 : layer.maxParallel,
    ...(ofLayer === undefined ? {} : { capacity: { memoryBytes: ofLayer } }),
    nodes: nodes.map(({ memoryBytes: wanted, cpus: wantedCpus, ...node }, position) => ({
      id: `${index}.${position}`,
      ...node,
      reserves: { memoryBytes: wanted, cpus: wantedCpus },
    })),
  }));
  const capacity = { ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(cpus === undefined ? {} : { cpus }) };
  return planOf(sketches, { maxParallel, capacity });
}

/** Lets every node run to its end; calls `inspect` after each change with what runs. */
function runAll(plan: Plan, endings: Iterator<number>, inspect: (running: readonly PlanNode[]) => void): string[] {
  const scheduler = new Scheduler(plan, new PlanGraph(plan).priorities);
  const running: { node: number; slot: number }[] = [];
  const started: string[] = [];
  for (const index of plan.nodes.keys()) scheduler.add(index);
  for (;;) {
    for (let next = scheduler.take(); next; next = scheduler.take()) {
      running.push(next);
      started.push((plan.nodes[next.node] as PlanNode).id);
      expect(new Set(running.map(({ slot }) => slot)).size).toBe(running.length);
      for (const { slot } of running) expect(slot).toBeLessThan(plan.maxParallel);
      inspect(running.map(({ node }) => plan.nodes[node] as PlanNode));
    }
    if (running.length === 0) return started;
    const [ended] = running.splice((endings.next().value ?? 0) % running.length, 1);
    if (ended) scheduler.release(ended.node, ended.slot);
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("the scheduler, for any plan", () => {
  it("starts every node: nothing starves, nothing waits for each other", () => {
    fc.assert(
      fc.property(cases, (sample) => {
        const plan = planOfCase(sample);
        const started = runAll(plan, sample.endings[Symbol.iterator](), () => undefined);
        expect(started.toSorted()).toEqual(plan.nodes.map(({ id }) => id).toSorted());
      }),
      { numRuns: 300 },
    );
  });

  it("never exceeds a limit", () => {
    fc.assert(
      fc.property(cases, (sample) => {
        const plan = planOfCase(sample);
        runAll(plan, sample.endings[Symbol.iterator](), (running) => {
          expect(running.length).toBeLessThanOrEqual(plan.maxParallel);
          expect(running.length === 1 || !running.some((node) => node.exclusive)).toBe(true);
          const mutexes = running.flatMap((node) => node.mutexes ?? []);
          expect(new Set(mutexes).size).toBe(mutexes.length);
          const within = (
            nodes: readonly PlanNode[],
            what: "memoryBytes" | "cpus",
            limit: number | undefined,
          ): void => {
            // One that asks for more than there is counts as all there is.
            const taken = nodes.map((node) => Math.min(node.reserves?.[what] ?? 0, limit ?? Number.POSITIVE_INFINITY));
            expect(sum(taken)).toBeLessThanOrEqual(limit ?? Number.POSITIVE_INFINITY);
          };
          within(running, "memoryBytes", plan.capacity?.memoryBytes);
          within(running, "cpus", plan.capacity?.cpus);
          for (const layer of plan.layers) {
            const own = running.filter((node) => node.layerId === layer.id);
            expect(own.length).toBeLessThanOrEqual(layer.maxParallel);
            within(own, "memoryBytes", layer.capacity?.memoryBytes);
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it("keeps a sequential layer in its declared order", () => {
    fc.assert(
      fc.property(cases, (sample) => {
        const plan = planOfCase(sample);
        const started = runAll(plan, sample.endings[Symbol.iterator](), () => undefined);
        for (const layer of plan.layers.filter(({ executionMode }) => executionMode === "sequential")) {
          expect(started.filter((id) => layer.nodes.includes(id))).toEqual(layer.nodes);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("a node that does not fit yet", () => {
  it("is overtaken at most sixteen times by what takes of what it waits for", () => {
    // The big one comes first but needs all memory; small ones keep arriving while one of them always runs.
    const small = Array.from({ length: 60 }, (_, index) => ({ id: `small ${index}`, reserves: { memoryBytes: 1 } }));
    const nodes = [
      { id: "first", reserves: { memoryBytes: 1 } },
      { id: "big", reserves: { memoryBytes: 4 } },
      ...small,
    ];
    const plan = planOf([{ id: "one", nodes }], { maxParallel: 4, capacity: { memoryBytes: 4 } });
    let ending = 0;
    const endings = { next: () => ({ done: false as const, value: ending++ % 2 }) };
    const started = runAll(plan, endings, () => undefined);
    expect(started.indexOf("big")).toBeLessThanOrEqual(1 + 16 + 1);
    expect(started.indexOf("big")).toBeGreaterThan(1);
  });

  it("lets pass what does not compete with it", () => {
    const nodes = [
      { id: "holds", mutexes: ["db"] },
      { id: "waits", mutexes: ["db"] },
      ...Array.from({ length: 40 }, (_, index) => `free ${index}`),
    ];
    const plan = planOf([{ id: "one", nodes }], { maxParallel: 2 });
    // `holds` is always the first that runs: ending the second one each time keeps it there.
    const endings = { next: () => ({ done: false as const, value: 1 }) };
    const started = runAll(plan, endings, () => undefined);
    expect(started.indexOf("waits")).toBe(41);
  });
});
