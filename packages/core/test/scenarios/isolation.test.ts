import { describe, expect, it } from "vitest";
import { AgentRegistry } from "../../src/agents/agent-registry.ts";
import { createExecutionEngine } from "../../src/engine/execution-engine.ts";
import { EventStream } from "../../src/events/event-stream.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { leaksBetween, runsOf, type UserRun } from "./canaries.ts";

describe("the 25 integration scenarios: isolation", () => {
  it("2 multi-user isolation: eight users at once see nothing of each other", async () => {
    const runs = await runsOf(Array.from({ length: 8 }, (_, index) => `user-${index}-canary`));
    for (const { events } of runs) assertEventGrammar(events);
    expect(new Set(runs.map(({ events }) => events[0]?.runId)).size).toBe(8);
    expect(leaksBetween(runs)).toEqual([]);
    // The same check sees a leak where there is one.
    const [first, second] = runs as [UserRun, UserRun];
    const leaky = { ...first, text: `${first.text}${second.user}` };
    expect(leaksBetween([leaky, second])).toEqual([`${second.user} in a run of ${first.user}`]);
  });

  it("12 factory isolation: no engine but from its factory, none shared, and no canary of 50 users × 20 runs elsewhere", async () => {
    const plan = definePlan({ nodes: [{ id: "n", agent: "a" }] });
    const found: unknown[] = [];
    const agents = new AgentRegistry([
      scriptedAgent("a", (_, { state, user }) => {
        found.push(state.get("user"));
        state.set("user", user.userId);
      }),
    ]);
    const engineOf = (userId: string) => {
      const clock = new ManualClock();
      const run = { id: `run of ${userId}`, environment: "test", projectRoot: "/" };
      return createExecutionEngine({
        plan,
        agents,
        stream: new EventStream({ runId: run.id, clock, user: { userId } }),
        clock,
        run,
        user: { userId },
      });
    };
    const [ann, bob] = [engineOf("ann"), engineOf("bob")];
    const prototype: { constructor: new (...args: unknown[]) => object } = Object.getPrototypeOf(ann);
    const { constructor } = prototype;
    class Heir extends constructor {}
    for (const args of [[], [{ plan }], [{ plan }, Symbol("factory")]]) {
      for (const make of [
        () => new constructor(...args),
        () => new Heir(...args),
        () => void Reflect.construct(constructor, args),
        () => void Reflect.construct(constructor, args, Heir),
      ]) {
        expect(make).toThrow("use createExecutionEngine()");
      }
    }

    ann.loseAgent("a", "gone");
    expect([ann.isAvailable("a"), bob.isAvailable("a")]).toEqual([false, true]);
    ann.recoverAgent("a");
    ann.pause("for a while");
    const { signal } = new AbortController();
    expect((await bob.execute(signal)).outcome).toEqual({ status: "passed" });
    ann.resume();
    expect((await ann.execute(signal)).outcome).toEqual({ status: "passed" });
    expect(found).toEqual([undefined, undefined]);
    await expect(bob.execute(signal)).rejects.toThrow("executes its plan once");

    const users = Array.from({ length: 50 }, (_, index) => `canary-${index}-of-fifty`);
    const runs = await runsOf(users.flatMap((user) => Array.from({ length: 20 }, () => user)));
    expect(runs).toHaveLength(1_000);
    expect(leaksBetween(runs)).toEqual([]);
  }, 60_000);
});
