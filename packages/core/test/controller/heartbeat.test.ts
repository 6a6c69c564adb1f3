import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/agents/agent.ts";
import { Heartbeat, type HeartbeatOptions } from "../../src/controller/heartbeat.ts";
import { EventStream } from "../../src/events/event-stream.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { ManualClock, settle } from "../../src/testing/manual-clock.ts";

const healthy = { state: "healthy" } as const;
const degraded = { state: "degraded", detail: "disk nearly full" } as const;
const never = (): Promise<never> => new Promise(() => undefined);

/** Time that can pass without its timers noticing, as when the event loop is blocked; then they are overdue. */
class StallingClock extends ManualClock {
  #stalledMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.#stalledMs;
  }

  stall(ms: number): void {
    this.#stalledMs += ms;
  }
}

/** A heartbeat of 1 s over agents whose health is what `answers` says at the time. */
class HeartbeatRig {
  readonly clock = new StallingClock();
  readonly asked: string[] = [];
  readonly told: string[] = [];
  readonly events: RunEvent[] = [];
  readonly heartbeat: Heartbeat;
  readonly answers: Record<string, () => unknown>;

  constructor(answers: Record<string, () => unknown>, over: Partial<HeartbeatOptions> = {}) {
    this.answers = answers;
    const stream = new EventStream({ runId: "r1", clock: this.clock });
    stream.subscribe({ name: "recorder", onEvent: (event) => void this.events.push(event) });
    this.heartbeat = new Heartbeat({
      agents: Object.keys(answers).map((name) => this.#agent(name)),
      stream,
      clock: this.clock,
      intervalMs: 1_000,
      onLost: (agent, reason) => void this.told.push(`${agent} lost: ${reason}`),
      onRecovered: (agent) => void this.told.push(`${agent} recovered`),
      ...over,
    });
    this.heartbeat.start();
  }

  /** `agent from → to: detail` of each event. */
  get changes(): string[] {
    return this.events.map((event) => {
      if (event.type !== "agent_health_changed") throw new Error(`unexpected ${event.type}`);
      return `${event.agent} ${event.from} → ${event.to}: ${event.detail ?? "-"}`;
    });
  }

  #agent(name: string): Agent {
    return {
      name,
      execute: () => Promise.resolve(),
      health: () => {
        this.asked.push(name);
        return this.answers[name]?.() as never;
      },
    };
  }
}

describe("the heartbeat", () => {
  it("asks every agent at once at each beat, and says nothing of the healthy", async () => {
    const rig = new HeartbeatRig({ a: never, b: () => healthy, c: () => Promise.resolve(healthy) });
    await rig.clock.advance(999);
    expect(rig.asked).toEqual([]);
    await rig.clock.advance(1);
    expect(rig.asked).toEqual(["a", "b", "c"]);
    await rig.clock.advance(1_000);
    expect(rig.asked).toEqual(["a", "b", "c", "b", "c"]);
    expect(rig.events).toEqual([]);
  });

  it("beats every 5 s and gives up on the third missed beat unless told otherwise", async () => {
    const clock = new ManualClock();
    const lost: string[] = [];
    const hung: Agent = { name: "hung", execute: never, health: never };
    const stream = new EventStream({ runId: "r1", clock });
    const heartbeat = new Heartbeat({ agents: [hung], stream, clock, onLost: (agent) => void lost.push(agent) });
    heartbeat.start();
    await clock.advance(5_000 + 3 * 5_000 - 1);
    expect(lost).toEqual([]);
    await clock.advance(1);
    expect(lost).toEqual(["hung"]);
    heartbeat.stop();
  });

  it("tells when an agent's state changes, and only then", async () => {
    const rig = new HeartbeatRig({ a: () => degraded, b: () => healthy });
    await rig.clock.advance(2_000);
    expect(rig.heartbeat.healthOf("a")).toBe("degraded");
    rig.answers["a"] = () => ({ ...degraded, detail: "disk full" });
    await rig.clock.advance(1_000);
    rig.answers["a"] = () => healthy;
    await rig.clock.advance(2_000);
    expect(rig.changes).toEqual(["a healthy → degraded: disk nearly full", "a degraded → healthy: -"]);
    expect(rig.heartbeat.healthOf("a")).toBe("healthy");
    expect(rig.told).toEqual([]);
  });

  it("does not watch an agent that has no health, nor set a timer for nobody", () => {
    const silent: Agent = { name: "silent", execute: never };
    const rig = new HeartbeatRig({}, { agents: [silent] });
    expect(rig.clock.pendingTimers).toBe(0);
    expect(rig.heartbeat.healthOf("silent")).toBe("healthy");
  });
});

describe("a missed beat", () => {
  it.each([
    [
      "throws",
      () => {
        throw new Error("no database");
      },
      "no database",
    ],
    ["rejects", () => Promise.reject(new Error("no database")), "no database"],
    ["answers nothing", () => undefined, "its answer has no state that is healthy or degraded"],
    ["calls itself lost", () => ({ state: "lost" }), "its answer has no state that is healthy or degraded"],
    [
      "gives details that are no text",
      () => ({ ...healthy, detail: 7 }),
      "its answer has no state that is healthy or degraded",
    ],
  ])("is that of an agent that %s; the third in a row makes it lost, once", async (_, answer, reason) => {
    const rig = new HeartbeatRig({ a: answer, fine: () => healthy });
    await rig.clock.advance(2_000);
    expect(rig.told).toEqual([]);
    await rig.clock.advance(1_000);
    expect(rig.changes).toEqual([`a healthy → lost: heartbeats missed in a row: 3 (${reason})`]);
    await rig.clock.advance(10_000);
    expect(rig.told).toEqual([`a lost: heartbeats missed in a row: 3 (${reason})`]);
    expect(rig.changes).toHaveLength(1);
    expect([rig.heartbeat.healthOf("a"), rig.heartbeat.healthOf("fine")]).toEqual(["lost", "healthy"]);
  });

  it("is every one that passes without an answer; the agent is not asked again meanwhile", async () => {
    const rig = new HeartbeatRig({ a: never });
    await rig.clock.advance(3_000);
    expect(rig.told).toEqual([]);
    await rig.clock.advance(1_000);
    expect(rig.told).toEqual(["a lost: heartbeats missed in a row: 3 (no answer within 1s)"]);
    await rig.clock.advance(5_000);
    expect(rig.asked).toEqual(["a"]);
    expect(rig.told).toHaveLength(1);
  });

  it("is forgotten with the next good answer", async () => {
    let beats = 0;
    const rig = new HeartbeatRig({
      a: () => {
        beats += 1;
        if (beats % 3 !== 0) throw new Error("no");
        return healthy;
      },
    });
    await rig.clock.advance(20_000);
    expect(beats).toBe(20);
    expect(rig.events).toEqual([]);
  });

  it.each([
    [healthy, "a lost → healthy: -"],
    [degraded, "a lost → degraded: disk nearly full"],
  ])("is made good by a late answer of a lost agent, which is then asked again: %j", async (answer, change) => {
    let reply: (health: unknown) => void = () => undefined;
    const rig = new HeartbeatRig({ a: () => new Promise((resolve) => (reply = resolve)) });
    await rig.clock.advance(4_500);
    expect(rig.heartbeat.healthOf("a")).toBe("lost");
    reply(answer);
    await settle();
    expect(rig.changes.at(-1)).toBe(change);
    expect(rig.told.at(-1)).toBe("a recovered");
    expect(rig.heartbeat.healthOf("a")).toBe(answer.state);
    await rig.clock.advance(500);
    expect(rig.asked).toEqual(["a", "a"]);
    await rig.clock.advance(3_000);
    expect(rig.told).toHaveLength(3);
    expect(rig.told.at(-1)).toContain("a lost");
  });

  it("counts once for each interval when an answer comes late and is none", async () => {
    let fail: (error: Error) => void = () => undefined;
    const rig = new HeartbeatRig({ a: () => new Promise((_, reject) => (fail = reject)) }, { missedBeats: 4 });
    await rig.clock.advance(2_500);
    fail(new Error("late"));
    await rig.clock.advance(500);
    expect(rig.asked).toHaveLength(2);
    await rig.clock.advance(1_000);
    expect(rig.told).toEqual([]);
    await rig.clock.advance(1_000);
    expect(rig.told).toEqual(["a lost: heartbeats missed in a row: 4 (no answer within 1s)"]);
  });
});

describe("a stall of this process", () => {
  it("is not held against the agents: the overdue beat is not counted", async () => {
    const rig = new HeartbeatRig({ a: never }, { missedBeats: 2 });
    await rig.clock.advance(2_000);
    for (let stalls = 0; stalls < 5; stalls += 1) {
      rig.clock.stall(5_000);
      await rig.clock.advance(1_000);
    }
    expect(rig.told).toEqual([]);
    await rig.clock.advance(1_000);
    expect(rig.told).toEqual(["a lost: heartbeats missed in a row: 2 (no answer within 1s)"]);
  });

  it("is one only when a beat comes later than two intervals after the one before", async () => {
    const rig = new HeartbeatRig({ a: never }, { missedBeats: 1 });
    await rig.clock.advance(1_000);
    rig.clock.stall(1_001);
    await rig.clock.advance(1_000);
    expect(rig.told).toEqual([]);
    rig.clock.stall(1_000);
    await rig.clock.advance(1_000);
    expect(rig.told).toHaveLength(1);
  });

  it.each(["before", "after"] as const)("excuses a failure that is heard of %s the overdue beat", async (when) => {
    const fails: ((error: Error) => void)[] = [];
    const rig = new HeartbeatRig({ a: () => new Promise((_, reject) => fails.push(reject)) }, { missedBeats: 1 });
    await rig.clock.advance(1_000);
    rig.clock.stall(5_000);
    if (when === "after") await rig.clock.advance(1_000);
    fails[0]?.(new Error("probe timed out"));
    await settle();
    if (when === "before") await rig.clock.advance(1_000);
    expect(rig.told).toEqual([]);
    await rig.clock.advance(when === "after" ? 1_000 : 0);
    fails[1]?.(new Error("probe timed out"));
    await settle();
    expect(rig.told).toEqual(["a lost: heartbeats missed in a row: 1 (probe timed out)"]);
  });
});

describe("stopping the heartbeat", () => {
  it("leaves no timer, asks and tells nothing more, and may be repeated", async () => {
    let reply: (health: unknown) => void = () => undefined;
    const rig = new HeartbeatRig({
      a: () => new Promise((resolve) => (reply = resolve)),
      b: () => Promise.reject(new Error("no")),
    });
    await rig.clock.advance(2_000);
    rig.heartbeat.stop();
    rig.heartbeat.stop();
    expect(rig.clock.pendingTimers).toBe(0);
    reply(degraded);
    await rig.clock.advance(20_000);
    expect(rig.asked).toEqual(["a", "b", "b"]);
    expect([rig.events, rig.told]).toEqual([[], []]);
  });

  it("works from within what it tells", async () => {
    const rig: HeartbeatRig = new HeartbeatRig(
      { a: never, b: never },
      {
        missedBeats: 1,
        onLost: (agent) => {
          rig.told.push(agent);
          rig.heartbeat.stop();
        },
      },
    );
    await rig.clock.advance(10_000);
    expect(rig.told).toEqual(["a"]);
    expect(rig.changes).toHaveLength(1);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("is not undone by a second start of one that runs", async () => {
    const rig = new HeartbeatRig({ a: () => healthy });
    rig.heartbeat.start();
    expect(rig.clock.pendingTimers).toBe(1);
    rig.heartbeat.stop();
    expect(rig.clock.pendingTimers).toBe(0);
  });
});
