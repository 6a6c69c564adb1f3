import { describe, expect, it } from "vitest";
import { definePlan } from "../../src/plan/define-plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { ControllableAgent } from "../../src/testing/controllable-agent.ts";
import { assertEventGrammar } from "../../src/testing/event-grammar.ts";
import { withFault } from "../../src/testing/faults.ts";
import { assertScenario } from "../../src/testing/scenario.ts";
import { TestRun } from "../../src/testing/test-run.ts";

const backoff = { initialMs: 1_000, factor: 2, maxMs: 30_000, jitter: "none" as const };
const fine = (name: string) => scriptedAgent(name, () => undefined);

describe("the 25 integration scenarios: recovery", () => {
  it("5 error recovery: a crash stays in its node, and a retry heals what was transient", async () => {
    const reset = Object.assign(new Error("connection reset"), { code: "ECONNRESET" });
    const retry = { maxAttempts: 3, on: ["transient" as const], backoff: { ...backoff, initialMs: 1 } };
    const { summary, events } = await assertScenario({
      name: "recovery",
      plan: definePlan({
        nodes: [
          // A bug is not transient: the same policy does not try it again.
          { id: "broken", agent: "broken", retry },
          { id: "after", agent: "fine", needs: ["broken"] },
          { id: "healed", agent: "healed", retry },
          { id: "free", agent: "fine", needs: ["healed"] },
        ],
      }),
      options: {
        agents: [
          withFault(fine("broken"), { kind: "crash", error: new Error("a bug") }),
          withFault(fine("healed"), { kind: "crash", error: reset }, { attempts: [1, 2] }),
          fine("fine"),
        ],
      },
      criteria: {
        outcome: "errored",
        nodes: { broken: "errored", after: "skipped", healed: "passed", free: "passed" },
      },
    });
    expect(summary).toMatchObject({ retries: 2, exitCode: 3, outcome: { reason: "main: broken: a bug" } });
    const ends = events.flatMap((event) => (event.type === "node_completed" ? [event] : []));
    expect(Object.fromEntries(ends.map(({ nodeId, flaky, attempts }) => [nodeId, { flaky, attempts }]))).toEqual({
      broken: { flaky: false, attempts: 1 },
      after: { flaky: false, attempts: 0 },
      healed: { flaky: true, attempts: 3 },
      free: { flaky: false, attempts: 1 },
    });
    const after = ends.find(({ nodeId }) => nodeId === "after");
    expect(after?.outcome).toMatchObject({ cause: "dependency", reason: expect.stringContaining("broken") });
  });

  it("6 timeout and cancellation: 30 s by default, 5 s when asked, quarantine for the deaf, and a person's word", async () => {
    const hung = (name: string) => withFault(fine(name), { kind: "hang" });
    // Would work for a minute, but listens.
    const patient = new ControllableAgent("patient");
    const listener = scriptedAgent("listener", (_, { signal }) => {
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const run = new TestRun(
      definePlan({
        maxParallel: 8,
        nodes: [
          { id: "default", agent: "deaf" },
          { id: "again", agent: "deaf", when: { outcome: { default: ["timed-out"] } } },
          { id: "listens", agent: "listener" },
          { id: "listens again", agent: "listener", when: { outcome: { listens: ["timed-out"] } } },
          { id: "short", agent: "short", timeoutMs: 5_000 },
          { id: "waits", agent: "patient" },
        ],
      }),
      { agents: [hung("deaf"), hung("short"), listener, patient], agentGraceMs: 100 },
    );
    await run.clock.advance(5_099);
    expect(run.outcomeOf("short")).toBeUndefined();
    await run.clock.advance(1);
    expect(run.outcomeOf("short")).toMatchObject({ status: "timed-out", deadline: "category", limitMs: 5_000 });
    await run.clock.advance(24_899);
    expect(run.outcomeOf("listens")).toBeUndefined();
    await run.clock.advance(1);
    expect(run.outcomeOf("listens")).toMatchObject({ status: "timed-out", deadline: "attempt", limitMs: 30_000 });
    expect(run.outcomeOf("default")).toBeUndefined();
    await run.clock.advance(100);
    expect(run.outcomeOf("default")).toMatchObject({ status: "timed-out", deadline: "attempt", limitMs: 30_000 });
    // Who listened is still trusted, who did not gets no more work.
    expect(run.all("agent_quarantined").map(({ agent }) => agent)).toEqual(["short", "deaf"]);
    expect(run.outcomeOf("again")).toMatchObject({ status: "errored", reason: expect.stringContaining("quarantined") });
    const started = run.all("agent_started").map(({ nodeId }) => nodeId);
    expect(started.toSorted()).toEqual(["default", "listens", "listens again", "short", "waits"]);

    run.handle.cancel({ status: "cancelled", by: "person", reason: "enough", signal: "SIGINT" });
    const summary = await run.summary;
    expect(run.outcomeOf("waits")).toMatchObject({ status: "cancelled", by: "person", reason: "enough" });
    expect(summary).toMatchObject({ outcome: { status: "cancelled", by: "person" }, exitCode: 130 });
    assertEventGrammar(run.events);
    expect(run.clock.pendingTimers).toBe(0);
  });

  it("14 backoff retry: exponential to the millisecond, full jitter within bounds, by class, within budgets", async () => {
    const waits = async (jitter: "none" | "full", random: () => number): Promise<number[]> => {
      const agent = withFault(
        scriptedAgent("a", () => undefined),
        { kind: "crash" },
        { attempts: [1, 2, 3, 4] },
      );
      const retry = { maxAttempts: 5, on: ["crash" as const], backoff: { ...backoff, maxMs: 5_000, jitter } };
      const run = new TestRun(definePlan({ nodes: [{ id: "n", agent: "a", retry, timeoutMs: 60_000 }] }), {
        agents: [agent],
        random,
      });
      await run.clock.advance(60_000);
      expect((await run.summary).outcome.status).toBe("passed");
      const at = run.all("agent_started").map((event) => Date.parse(event.at));
      return at.slice(1).map((time, index) => time - (at[index] ?? 0));
    };
    expect(await waits("none", () => 0.5)).toEqual([1_000, 2_000, 4_000, 5_000]);
    expect(await waits("full", () => 0.5)).toEqual([500, 1_000, 2_000, 2_500]);
    expect(await waits("full", () => 0)).toEqual([0, 0, 0, 0]);

    const broken = withFault(
      scriptedAgent("a", () => undefined),
      { kind: "crash" },
    );
    const retry = { maxAttempts: 9, on: ["errored" as const], backoff };
    const node = (id: string, on?: readonly "timed-out"[]) => ({
      id,
      agent: "a",
      retry: on ? { ...retry, on } : retry,
    });
    const run = new TestRun(
      definePlan({
        retryBudget: 3,
        layers: [
          { id: "one", retryBudget: 2, nodes: [node("a1"), node("by class", ["timed-out"])] },
          { id: "two", gates: [], nodes: [node("b1")] },
        ],
      }),
      { agents: [broken] },
    );
    await run.clock.advance(600_000);
    expect((await run.summary).retries).toBe(3);
    expect(
      run
        .all("retry_refused")
        .map(({ nodeId }) => nodeId)
        .toSorted(),
    ).toEqual(["a1", "b1"]);
    expect(run.all("node_completed").find(({ nodeId }) => nodeId === "by class")?.attempts).toBe(1);
  });
});
