import { type RunEvent, type RunEventBody, type ServiceState, type TestResult } from "@netra-apex/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyEvent, emptyRunView, type RunView } from "../../src/index.ts";
import { RunDigest, type Snapshot, viewOfSnapshot } from "../../src/websocket/index.ts";
import { type EventScript, planNode, scriptPlan, scriptTest } from "../event-script.ts";
import { cancelledRun, failingRun, flakyRun, greenRun, timedOutRun } from "../runs.ts";
import { makeEvent } from "./socket-rig.ts";

const plan = scriptPlan([
  { id: "fast", categories: ["smoke", "unit"] },
  { id: "core", categories: ["api"] },
]);
const nodeId = fc.constantFrom("smoke", "unit", "api", "spawned", "never-planned");
const layerId = fc.constantFrom("fast", "core", "elsewhere");
const attempt = fc.integer({ min: 1, max: 3 });
const service = fc.constantFrom("db", "cache");
const outcome = fc.constantFrom(
  { status: "passed" } as const,
  { status: "failed", reason: "1 of 2 tests failed" } as const,
);
const aTest = fc
  .record({
    status: fc.constantFrom<TestResult["status"]>("passed", "passed", "failed", "errored", "skipped", "todo"),
    flaky: fc.boolean(),
    message: fc.constantFrom("short", "long ".repeat(2_000)),
  })
  .map(({ status, ...rest }) => scriptTest("does it", { status, ...(status === "passed" ? {} : rest) }));
const counts = { total: 2, passed: 1, failed: 1, skipped: 0, flaky: 0 };

const body: fc.Arbitrary<RunEventBody> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ type: "run_started", plan } as const) },
  {
    weight: 1,
    arbitrary: fc.constant({
      type: "plan_extended",
      by: "unit",
      nodes: [{ ...planNode("spawned", "core"), spawnedBy: "unit" }],
    } as const),
  },
  { weight: 1, arbitrary: layerId.map((id) => ({ type: "layer_started", layerId: id }) as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("layer_completed" as const),
      layerId,
      outcome,
      durationMs: fc.nat(),
      counts: fc.constant(counts),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("node_started" as const), nodeId, layerId }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("node_completed" as const),
      nodeId,
      layerId,
      outcome,
      durationMs: fc.nat(),
      attempts: attempt,
      counts: fc.constant(counts),
      flaky: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("node_retrying" as const),
      nodeId,
      attempt,
      outcome,
      delayMs: fc.nat(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("agent_started" as const),
      nodeId,
      attempt,
      agent: fc.constant("a"),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant("test_completed" as const), nodeId, attempt, test: aTest }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("output" as const),
      nodeId,
      attempt,
      text: fc.constantFrom("line\n", "x".repeat(3_000), "é"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("service_state_changed" as const),
      service,
      to: fc.constantFrom<ServiceState>("starting", "healthy", "unhealthy", "exited"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("resources_missing" as const),
      layerId,
      missing: fc.constant([{ kind: "service", name: "db", reason: "down" }] as const),
      policy: fc.constantFrom("wait", "skip"),
    }) as fc.Arbitrary<RunEventBody>,
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("resources_awaited" as const),
      layerId,
      nodeId,
      reason: fc.constantFrom("the database", "a slot"),
    }) as fc.Arbitrary<RunEventBody>,
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("resources_granted" as const),
      layerId,
      nodeId,
      waitedMs: fc.nat(),
    }) as fc.Arbitrary<RunEventBody>,
  },
  {
    weight: 1,
    arbitrary: fc.constant({ type: "reporter_failed", reporter: "x", message: "broke" } as const),
  },
  { weight: 3, arbitrary: fc.constant({ type: "agent_thinking", nodeId: "unit", attempt: 1, agent: "a", note: "hm" }) },
);

function eventsOf(bodies: readonly RunEventBody[]): RunEvent[] {
  return bodies.map((each, index) => makeEvent("r", index + 1, each));
}

function fold(events: readonly RunEvent[]): RunView {
  return events.reduce(applyEvent, emptyRunView);
}

function snapshotOf(digest: RunDigest): Pick<Snapshot, "events" | "omittedTests"> {
  const events = digest.lines().map((line) => JSON.parse(line) as RunEvent);
  return { events, omittedTests: digest.omittedTests() };
}

function digestOf(events: readonly RunEvent[]): RunDigest {
  const digest = new RunDigest();
  for (const event of events) digest.add(event, JSON.stringify(event));
  return digest;
}

/** As a screen shows it: what tests that passed took, each and together, is of no digest. */
function shown(view: RunView): object {
  const withoutTimes = (node: object): object => ({ ...node, slowestTests: [], testsMs: 0 });
  return {
    ...view,
    planNodes: [...view.planNodes.keys()],
    running: [...view.running.values()].map(withoutTimes).sort(byText),
    layers: [...view.layers.values()]
      .map((layer) => ({ ...layer, finished: layer.finished.map(withoutTimes) }))
      .sort(byText),
    surroundings: Object.fromEntries(
      Object.entries(view.surroundings).map(([name, part]) => [name, [...(part as Map<string, unknown>)].sort(byText)]),
    ),
  };
}

function byText(left: unknown, right: unknown): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}

describe("the digest of a run", () => {
  test.each<[string, () => EventScript]>([
    ["green", greenRun],
    ["failing", failingRun],
    ["timed out", timedOutRun],
    ["cancelled", cancelledRun],
    ["flaky", flakyRun],
  ])("shows what all events show, after each of them: %s", (_name, script) => {
    const { events } = script();
    const digest = new RunDigest();
    for (const [index, event] of events.entries()) {
      digest.add(event);
      expect(shown(viewOfSnapshot(snapshotOf(digest)))).toEqual(shown(fold(events.slice(0, index + 1))));
    }
  });

  test("shows what all events show, whatever they are, also when it went through a snapshot on its way", () => {
    fc.assert(
      fc.property(fc.array(body, { maxLength: 120 }), fc.nat(), (bodies, cut) => {
        const events = eventsOf(bodies);
        const whole = shown(fold(events));
        expect(shown(viewOfSnapshot(snapshotOf(digestOf(events))))).toEqual(whole);

        const place = events.length === 0 ? 0 : cut % events.length;
        const second = RunDigest.from(snapshotOf(digestOf(events.slice(0, place))));
        for (const event of events.slice(place)) second.add(event);
        expect(shown(viewOfSnapshot(snapshotOf(second)))).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  test("has the size of what matters, not of what happened", () => {
    const digest = new RunDigest();
    const start = eventsOf([
      { type: "run_started", plan },
      { type: "node_started", nodeId: "unit", layerId: "fast" },
    ]);
    for (const event of start) digest.add(event);
    for (let seq = 3; seq < 50_000; seq += 1) {
      const failed = scriptTest(`breaks ${seq}`, { status: "failed", message: "no ".repeat(3_000) });
      const bodies: RunEventBody[] = [
        {
          type: "test_completed",
          nodeId: "unit",
          attempt: 1,
          test: seq % 100 === 0 ? failed : scriptTest(`ok ${seq}`),
        },
        { type: "output", nodeId: "unit", attempt: 1, text: `line ${seq}\n` },
        { type: "agent_thinking", nodeId: "unit", attempt: 1, agent: "a", note: `${seq}` },
      ];
      digest.add(makeEvent("r", seq, bodies[seq % 3]));
    }
    const size = digest.lines().join("").length;
    expect(size).toBeLessThan(100 * 5_000 + 20_000);
    expect(digest.omittedTests()[0]?.counts.total).toBeGreaterThan(16_000);
  });
});
