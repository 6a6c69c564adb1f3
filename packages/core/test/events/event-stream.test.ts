import { describe, expect, it } from "vitest";
import { EventStream } from "../../src/events/event-stream.ts";
import type { Reporter } from "../../src/events/reporter.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { failed, planOf, RunRig } from "../rig/run-rig.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

function recorder(name = "recorder"): Reporter & { events: RunEvent[] } {
  const events: RunEvent[] = [];
  return { name, events, onEvent: (event) => void events.push(event) };
}

function stream(...reporters: Reporter[]): EventStream {
  const made = new EventStream({ runId: "r1", clock: new ManualClock(), user: { userId: "u", threadId: "t" } });
  for (const reporter of reporters) made.subscribe(reporter);
  return made;
}

describe("the event stream", () => {
  it("numbers events without a gap and stamps each with run, user, thread and time", () => {
    const seen = recorder();
    const events = stream(seen);
    events.emit({ type: "layer_started", layerId: "a" });
    events.emit({ type: "layer_started", layerId: "b" });
    expect(seen.events).toEqual([
      {
        version: 1,
        seq: 1,
        at: "2026-01-31T12:00:00.000Z",
        runId: "r1",
        userId: "u",
        threadId: "t",
        type: "layer_started",
        layerId: "a",
      },
      {
        version: 1,
        seq: 2,
        at: "2026-01-31T12:00:00.000Z",
        runId: "r1",
        userId: "u",
        threadId: "t",
        type: "layer_started",
        layerId: "b",
      },
    ]);
  });

  it("keeps one order for all reporters when one of them emits while it handles an event", () => {
    const seen = recorder();
    const events = stream(
      {
        name: "echo",
        onEvent: (event) =>
          event.type === "layer_started" &&
          event.layerId === "a" &&
          events.emit({ type: "layer_started", layerId: "echo" }),
      },
      seen,
    );
    events.emit({ type: "layer_started", layerId: "a" });
    events.emit({ type: "layer_started", layerId: "b" });
    expect(seen.events.map((event) => event.type === "layer_started" && event.layerId)).toEqual(["a", "echo", "b"]);
  });

  it("drops a reporter that throws, names it to the others, and closes it", () => {
    const seen = recorder();
    let closed = 0;
    let calls = 0;
    const broken: Reporter = {
      name: "broken",
      onEvent: () => {
        calls += 1;
        throw new Error("disk full");
      },
      close: () => void (closed += 1),
    };
    const events = stream(broken, seen);
    events.emit({ type: "layer_started", layerId: "a" });
    events.emit({ type: "layer_started", layerId: "b" });
    expect(seen.events.map((event) => event.type)).toEqual(["layer_started", "reporter_failed", "layer_started"]);
    expect(seen.events[1]).toMatchObject({ reporter: "broken", message: "disk full", seq: 2 });
    expect({ calls, closed }).toEqual({ calls: 1, closed: 1 });
  });

  it("does not wait for ever for a reporter that never closes", async () => {
    const clock = new ManualClock();
    const events = new EventStream({ runId: "r1", clock });
    events.subscribe({ name: "stuck", onEvent: () => undefined, close: () => new Promise(() => undefined) });
    const closing = events.close(1_000);
    await clock.advance(1_000);
    const failures = [{ reporter: "stuck", message: "it did not finish within 1s" }];
    await expect(closing).resolves.toEqual({ failures, slow: [] });
  });
});

describe("a run's events", () => {
  it("tell the whole story in order, with gap-free numbers", async () => {
    const rig = await RunRig.start(planOf([{ id: "fast", nodes: ["unit"] }]));
    await rig.agent.end("unit");
    await rig.summary;
    expect(rig.events.map((event) => event.type)).toEqual([
      "run_started",
      "run_state_changed",
      "run_state_changed",
      "layer_started",
      "node_started",
      "agent_started",
      "run_state_changed",
      "agent_completed",
      "node_completed",
      "layer_completed",
      "run_state_changed",
      "message_sent",
      "message_delivered",
      "run_state_changed",
      "run_completed",
    ]);
    expect(rig.events.map((event) => event.seq)).toEqual(rig.events.map((_, index) => index + 1));
    expect(rig.all("run_state_changed").map((event) => event.to)).toEqual([
      "initializing",
      "running",
      "waiting-for-agents",
      "aggregating-results",
      "completed",
    ]);
  });

  it("have exactly one node_completed for each node, whatever became of it", async () => {
    const rig = await RunRig.start(
      planOf([
        { id: "one", nodes: ["a", { id: "b", needs: ["a"] }] },
        { id: "two", gates: ["one"], nodes: ["c"] },
      ]),
    );
    await rig.agent.end("a", failed);
    await rig.summary;
    expect(rig.all("node_completed").map((event) => event.nodeId)).toEqual(["a", "b", "c"]);
  });

  it("are not disturbed by a reporter that throws: same verdict, same events for the others", async () => {
    const thrower: Reporter = {
      name: "thrower",
      onEvent: () => {
        throw new Error("no");
      },
    };
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a"] }]), { reporters: [thrower] });
    await rig.agent.end("a");
    expect((await rig.summary).outcome).toEqual({ status: "passed" });
    expect(rig.all("reporter_failed")).toHaveLength(1);
    expect(rig.all("run_completed")).toHaveLength(1);
  });
});

describe("a reporter that holds the run up", () => {
  it("is named with its time in what the run returns, and is no failure", async () => {
    const clock = new SlowableClock();
    const slow: Reporter = { name: "slow", onEvent: () => clock.pass(200) };
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a"] }]), { reporters: [slow], clock });
    await rig.agent.end("a");
    const summary = await rig.summary;
    const busyMs = rig.events.length * 200;
    expect(summary).toMatchObject({ outcome: { status: "passed" }, exitCode: 0 });
    expect(summary.slowReporters).toEqual([{ reporter: "slow", busyMs, runMs: busyMs }]);
    expect(summary.reporterFailures).toBeUndefined();
  });
});

it("says nothing of its reporters that must not be seen", async () => {
  const fail = (): never => {
    throw new Error("no upload with the token s3cr3t");
  };
  const events = new EventStream({
    runId: "r1",
    clock: new ManualClock(),
    mask: (text) => text.replaceAll("s3cr3t", "***"),
  });
  const seen = recorder();
  events.subscribe({ name: "throwing", onEvent: fail });
  events.subscribe({ name: "closing", onEvent: () => undefined, close: fail });
  events.subscribe(seen);
  events.emit({ type: "layer_started", layerId: "a" });
  expect(await events.close(1_000)).toEqual({
    failures: [
      { reporter: "throwing", message: "no upload with the token ***", isDropped: true },
      { reporter: "closing", message: "no upload with the token ***" },
    ],
    slow: [],
  });
  expect(seen.events).toContainEqual(expect.objectContaining({ message: "no upload with the token ***" }));
});

/** Time passes on it while somebody works. */
class SlowableClock extends ManualClock {
  #passedMs = 0;

  pass(ms: number): void {
    this.#passedMs += ms;
  }

  override monotonicMs(): number {
    return super.monotonicMs() + this.#passedMs;
  }
}

describe("a reporter that cannot finish", () => {
  it.each<[string, () => Promise<void>, string]>([
    ["fails", () => Promise.reject(new Error("ENOSPC: no space left")), "ENOSPC: no space left"],
    ["never ends", () => new Promise(() => undefined), "it did not finish within 2s"],
  ])("because its close %s is named in what the run returns, and changes no verdict", async (_, close, message) => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a"] }]), {
      reporters: [{ name: "journal", onEvent: () => undefined, close }],
      graceMs: 2_000,
    });
    await rig.agent.end("a");
    await rig.clock.advance(2_000);
    expect(await rig.summary).toMatchObject({
      outcome: { status: "passed" },
      exitCode: 0,
      reporterFailures: [{ reporter: "journal", message }],
    });
  });
});
