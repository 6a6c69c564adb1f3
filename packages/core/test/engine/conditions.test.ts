import { describe, expect, it } from "vitest";
import type { ConditionCheck } from "../../src/engine/condition.ts";
import type { RunPlanOptions } from "../../src/controller/master-controller.ts";
import { startRun } from "../../src/controller/master-controller.ts";
import { ControllableAgent } from "../../src/testing/controllable-agent.ts";
import { settle } from "../../src/testing/manual-clock.ts";
import { failed, type NodeSketch, planOf, RunRig } from "../rig/run-rig.ts";

const one = (
  nodes: readonly (string | NodeSketch)[],
  options: Partial<RunPlanOptions> & { clock?: never } = {},
  over = {},
) => RunRig.start(planOf([{ id: "one", nodes }], over), options);

describe("a condition on the environment or on changed files", () => {
  it("skips a node outside of its environments, and says which they are", async () => {
    const rig = await one([{ id: "a", when: { environments: ["staging", "production"] } }]);
    expect(rig.outcomeOf("a")).toEqual({
      status: "skipped",
      cause: "condition",
      reason: "runs only in staging, production, not in test",
    });
  });

  it.each([
    [["src/**/*.ts"], "skipped"],
    [["docs/**"], "passed"],
    [["src/**", "docs/*.md"], "passed"],
  ])("runs for %j only when one of the changed files matches", async (changed, status) => {
    const rig = await one([{ id: "a", when: { changed } }], {}, { changedFiles: ["docs/guide.md"] });
    if (rig.running.includes("a")) await rig.agent.end("a");
    expect(rig.outcomeOf("a")?.status).toBe(status);
  });

  it("holds where the changed files are not known", async () => {
    const rig = await one([{ id: "a", when: { changed: ["src/**"] } }]);
    expect(rig.running).toEqual(["a"]);
  });
});

describe("a condition on outcomes", () => {
  const cleanup: NodeSketch = { id: "cleanup", when: { outcome: { smoke: ["failed", "timed-out"] } } };

  it("waits for the node that it asks about, and runs though that one failed", async () => {
    const rig = await one(["smoke", cleanup]);
    expect(rig.running).toEqual(["smoke"]);
    await rig.agent.end("smoke", failed);
    expect(rig.running).toEqual(["cleanup"]);
    await rig.agent.end("cleanup");
    expect((await rig.summary).outcome.status).toBe("failed");
  });

  it("skips the branch that is not taken, and what comes after it, without holding back the run", async () => {
    const rig = await one(["smoke", cleanup, { id: "report", needs: ["cleanup"] }]);
    await rig.agent.end("smoke");
    const summary = await rig.summary;
    expect(rig.outcomeOf("cleanup")).toMatchObject({
      cause: "condition",
      reason: expect.stringContaining("smoke failed or timed-out, and it passed"),
    });
    expect(rig.outcomeOf("report")).toMatchObject({ status: "skipped", cause: "condition" });
    expect(summary.outcome).toEqual({ status: "passed" });
    expect(summary.nodes).toMatchObject({ total: 3, passed: 1, skipped: 2 });
  });

  it("never counts a skipped branch as passed for what needs it beside a node that failed", async () => {
    const rig = await one(["smoke", "other", cleanup, { id: "report", needs: ["cleanup", "other"] }]);
    await rig.agent.end("smoke");
    await rig.agent.end("other", failed);
    expect(rig.outcomeOf("report")).toMatchObject({ status: "skipped", cause: "dependency" });
  });

  it("still demands a pass of what the node also needs", async () => {
    const rig = await one(["a", { id: "b", needs: ["a"], when: { outcome: { a: ["passed", "failed"] } } }]);
    await rig.agent.end("a", failed);
    expect(rig.outcomeOf("b")).toMatchObject({ status: "skipped", cause: "dependency" });
  });

  it("can ask whether a node was skipped", async () => {
    const rig = await one(["smoke", cleanup, { id: "all-clear", when: { outcome: { cleanup: ["skipped"] } } }]);
    await rig.agent.end("smoke");
    expect(rig.running).toEqual(["all-clear"]);
  });
});

describe("a condition in code", () => {
  const node: NodeSketch = { id: "b", needs: ["a"], when: { check: "ready" } };
  const decide = async (ready: ConditionCheck): Promise<RunRig> => {
    const rig = await one(["a", node], { conditions: { ready } });
    await rig.agent.end("a");
    return rig;
  };

  it("is asked once all that the node needs has ended, with what is known by then", async () => {
    const asked: unknown[] = [];
    const rig = await decide((facts) => {
      const { node: asking, environment } = facts;
      asked.push({ id: asking.id, environment, a: facts.outcomeOf("a"), b: facts.outcomeOf("b") });
      return true;
    });
    expect(asked).toEqual([{ id: "b", environment: "test", a: "passed", b: undefined }]);
    expect(rig.running).toEqual(["b"]);
  });

  it.each([
    [() => false, "its condition ready is false"],
    [async () => "the queue is empty", "the queue is empty"],
  ])("skips the node with its reason (%#)", async (check, reason) => {
    const rig = await decide(check);
    expect(rig.outcomeOf("b")).toEqual({ status: "skipped", cause: "condition", reason });
  });

  it.each<[ConditionCheck, RegExp]>([
    [() => Promise.reject(new Error("no database")), /ready failed: no database/],
    [() => undefined as never, /answered .*, not true, false or a reason/],
  ])("that does not work makes the node errored (%#)", async (check, reason) => {
    const rig = await decide(check);
    expect(rig.outcomeOf("b")).toMatchObject({ status: "errored", reason: expect.stringMatching(reason) });
  });

  it("that never answers is given up on", async () => {
    const rig = await decide(() => new Promise(() => undefined));
    await rig.clock.advance(29_999);
    expect(rig.outcomeOf("b")).toBeUndefined();
    await rig.clock.advance(1);
    expect(rig.outcomeOf("b")).toMatchObject({ status: "errored", reason: expect.stringContaining("within 30s") });
  });

  it("that nobody gave to the run is refused before anything starts", () => {
    const agent = new ControllableAgent("rig");
    const start = () =>
      startRun(planOf([{ id: "one", nodes: ["a", node] }]), { agents: [agent], conditions: { raedy: () => true } });
    expect(start).toThrow(expect.objectContaining({ code: "APEX_UNKNOWN_CONDITION", hint: 'did you mean "raedy"?' }));
  });

  it("that comes to its answer after the run was cancelled does not start the node", async () => {
    let answer: ((value: boolean) => void) | undefined;
    const rig = await decide(() => new Promise<boolean>((resolve) => (answer = resolve)));
    rig.abort.abort();
    await settle();
    expect(rig.clock.pendingTimers).toBe(0);
    answer?.(true);
    expect(rig.outcomeOf("b")).toMatchObject({ status: "skipped", cause: "cancelled" });
    expect((await rig.summary).outcome.status).toBe("cancelled");
  });
});
