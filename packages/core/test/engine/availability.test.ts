import { describe, expect, it } from "vitest";
import type { Agent, AgentHealth } from "../../src/agents/agent.ts";
import { ControllableAgent } from "../../src/testing/controllable-agent.ts";
import { planOf, RunRig } from "../rig/run-rig.ts";

describe("an agent without a deadline of its own", () => {
  it("ends after 30 s, and its signal says why", async () => {
    const agent: Agent = {
      name: "rig",
      execute: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    };
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a"] }]), { agents: [agent] });
    await rig.clock.advance(29_999);
    expect(rig.outcomeOf("a")).toBeUndefined();
    await rig.clock.advance(1);
    expect(rig.outcomeOf("a")).toEqual({
      status: "timed-out",
      deadline: "attempt",
      limitMs: 30_000,
      reason: "the attempt deadline of 30s was reached (a)",
    });
    expect(rig.all("agent_quarantined")).toEqual([]);
  });

  it("that sets its own gets that, and one whose node has a deadline gets only that", async () => {
    const hang = (name: string, limits?: Agent["limits"]): Agent => ({
      name,
      ...(limits ? { limits } : {}),
      execute: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    const nodes = [
      { id: "own", agent: "quick" },
      { id: "node", agent: "slow", timeoutMs: 60_000 },
    ];
    const rig = await RunRig.start(planOf([{ id: "one", nodes }]), {
      agents: [hang("quick", { timeoutMs: 100 }), hang("slow")],
    });
    await rig.clock.advance(100);
    expect(rig.outcomeOf("own")).toMatchObject({ status: "timed-out", limitMs: 100 });
    await rig.clock.advance(59_899);
    expect(rig.outcomeOf("node")).toBeUndefined();
    await rig.clock.advance(1);
    expect(rig.outcomeOf("node")).toMatchObject({ status: "timed-out", deadline: "category" });
  });
});

describe("an agent that ignores its signal", () => {
  const start = async (retry = {}) => {
    const deaf = new ControllableAgent("deaf");
    deaf.isDeaf = true;
    const fine = new ControllableAgent("fine");
    const nodes = [
      { id: "a", agent: "deaf", timeoutMs: 1_000, attemptTimeoutMs: 100, ...retry },
      { id: "b", agent: "deaf", when: { outcome: { a: ["timed-out" as const] } } },
      { id: "c", agent: "fine" },
    ];
    const rig = await RunRig.start(planOf([{ id: "one", nodes }]), { agents: [deaf, fine], agentGraceMs: 500 });
    return { rig, deaf, fine };
  };

  it("is left behind after its grace and gets no more work, while others do", async () => {
    const { rig, deaf, fine } = await start();
    await rig.clock.advance(600);
    expect(rig.outcomeOf("a")).toMatchObject({ status: "timed-out", deadline: "attempt" });
    expect(rig.all("agent_quarantined")).toMatchObject([{ agent: "deaf", nodeId: "a" }]);
    expect(rig.outcomeOf("b")).toMatchObject({ status: "errored", reason: expect.stringContaining("quarantined") });
    expect(deaf.started).toEqual(["a"]);
    expect(fine.running.has("c")).toBe(true);
  });

  it("is not tried again", async () => {
    const backoff = { initialMs: 0, factor: 1, maxMs: 0, jitter: "none" };
    const { rig } = await start({ retry: { maxAttempts: 3, on: ["timed-out"], backoff } });
    await rig.clock.advance(600);
    expect(rig.all("retry_refused")).toMatchObject([{ nodeId: "a", reason: expect.stringContaining("quarantined") }]);
  });

  it("can say nothing more once it is left behind", async () => {
    const { rig, deaf } = await start();
    const context = deaf.context("a");
    await rig.clock.advance(600);
    const before = rig.events.length;
    context.think("still here");
    context.logger.error("still here");
    expect(() => context.state.set("x", 1)).toThrow(expect.objectContaining({ code: "APEX_ATTEMPT_OVER" }));
    await expect(context.send({ pattern: "broadcast", topic: "hello" })).rejects.toThrow(/is over/);
    expect(rig.events.length).toBe(before);
  });
});

describe("an agent that misses its heartbeats", () => {
  it("is lost: its nodes end as errored, and it gets work again once it is back", async () => {
    let health: AgentHealth | Promise<AgentHealth> = { state: "healthy" };
    const agent = Object.assign(new ControllableAgent("rig"), { health: () => health });
    const rig = await RunRig.start(
      planOf([{ id: "one", nodes: ["a", { id: "b", needs: ["wait"] }, { id: "wait", agent: "other" }] }]),
      {
        agents: [agent, new ControllableAgent("other")],
        heartbeatMs: 1_000,
        missedBeats: 2,
      },
    );
    await rig.clock.advance(1_000);
    health = new Promise(() => undefined);
    await rig.clock.advance(4_000);
    expect(rig.all("agent_health_changed")).toMatchObject([{ agent: "rig", from: "healthy", to: "lost" }]);
    expect(rig.outcomeOf("a")).toMatchObject({
      status: "errored",
      failureClass: "infrastructure",
      reason: expect.stringMatching(/^the agent rig is lost/),
    });
    rig.abort.abort();
    await rig.summary;
  });
});
