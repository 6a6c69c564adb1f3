import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/outcome.ts";
import { failed, planOf, RunRig } from "../rig/run-rig.ts";

describe("failure policies", () => {
  it("continue: what does not need the failed node still runs", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", maxParallel: 1, nodes: ["a", "b"] }]));
    await rig.agent.end("a", failed);
    expect(rig.running).toEqual(["b"]);
  });

  it("stop-starting: what runs goes on, nothing new starts", async () => {
    const plan = planOf([{ id: "one", nodes: ["a", "b", "c"] }], { maxParallel: 2, failurePolicy: "stop-starting" });
    const rig = await RunRig.start(plan);
    await rig.agent.end("a", failed);
    expect(rig.running).toEqual(["b"]);
    await rig.agent.end("b");
    expect(rig.outcomeOf("c")).toMatchObject({ status: "skipped", cause: "fail-fast" });
    expect(rig.outcomeOf("b")).toEqual({ status: "passed" });
  });

  it("cancel-running: what runs is cancelled and says by whom; the run has failed", async () => {
    const plan = planOf([{ id: "one", nodes: ["a", "b", "c"] }], { maxParallel: 2, failurePolicy: "cancel-running" });
    const rig = await RunRig.start(plan);
    await rig.agent.end("a", failed);
    const summary = await rig.summary;
    expect(rig.outcomeOf("b")).toEqual({ status: "cancelled", by: "fast-fail", reason: "cancelled because a failed" });
    expect(rig.outcomeOf("c")).toMatchObject({ status: "skipped", cause: "fail-fast" });
    expect(summary.exitCode).toBe(1);
  });

  it("fail_fast of a layer stops that layer only", async () => {
    const rig = await RunRig.start(
      planOf([
        { id: "strict", failurePolicy: "stop-starting", maxParallel: 1, nodes: ["a", "b"] },
        { id: "other", maxParallel: 1, nodes: ["c", "d"] },
      ]),
    );
    await rig.agent.end("a", failed);
    await rig.agent.end("c");
    expect(rig.outcomeOf("b")).toMatchObject({ status: "skipped", cause: "fail-fast" });
    expect(rig.running).toEqual(["d"]);
  });

  it("cancel-running of a layer also ends what runs in it, and nothing of another", async () => {
    const rig = await RunRig.start(
      planOf([
        { id: "strict", failurePolicy: "cancel-running", nodes: ["a", "b"] },
        { id: "other", nodes: ["c"] },
      ]),
    );
    await rig.agent.end("a", failed);
    expect(rig.outcomeOf("b")).toMatchObject({ status: "cancelled", by: "fast-fail" });
    expect(rig.running).toEqual(["c"]);
  });

  it("of a node is about the whole run, whatever the layer and the run say", async () => {
    const vital = { id: "vital", failurePolicy: "stop-starting" as const };
    const rig = await RunRig.start(
      planOf([
        { id: "one", nodes: [vital] },
        { id: "other", maxParallel: 1, nodes: ["c", "d"] },
      ]),
    );
    await rig.agent.end("vital", failed);
    await rig.agent.end("c");
    expect(rig.outcomeOf("d")).toMatchObject({ cause: "fail-fast", reason: expect.stringContaining("vital failed") });
  });

  it("continue of a node lets a run go on that would stop at another's failure", async () => {
    const extra = { id: "extra", failurePolicy: "continue" as const };
    const layer = { id: "one", failurePolicy: "stop-starting" as const, maxParallel: 1, nodes: [extra, "a", "b"] };
    const rig = await RunRig.start(planOf([layer], { failurePolicy: "cancel-running" }));
    await rig.agent.end("extra", failed);
    expect(rig.running).toEqual(["a"]);
    await rig.agent.end("a", failed);
    expect(rig.outcomeOf("b")).toMatchObject({ status: "skipped", cause: "fail-fast" });
    expect((await rig.summary).outcome.status).toBe("failed");
  });
});

describe("cancellation by a person", () => {
  const interrupted: Outcome = { status: "cancelled", by: "person", reason: "interrupted by Ctrl-C", signal: "SIGINT" };

  it("cancels what runs, skips what waits, and reports what ran", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a", "b", "c"] }], { maxParallel: 2 }));
    await rig.agent.end("a");
    rig.abort.abort(interrupted);
    const summary = await rig.summary;
    expect(rig.outcomeOf("a")).toEqual({ status: "passed" });
    expect(rig.outcomeOf("b")).toEqual(interrupted);
    expect(rig.outcomeOf("c")).toEqual(interrupted);
    expect(summary).toMatchObject({ exitCode: 130, outcome: interrupted, nodes: { passed: 1, notPassed: 2 } });
  });

  it("skips with the reason what had not started", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a", "b"] }], { maxParallel: 1 }));
    rig.abort.abort(interrupted);
    await rig.summary;
    expect(rig.outcomeOf("b")).toEqual({ status: "skipped", cause: "cancelled", reason: "interrupted by Ctrl-C" });
  });

  it("counts as cancelled whatever the signal's reason is, and also when nothing was running", async () => {
    const rig = new RunRig(planOf([{ id: "one", nodes: ["a"] }]), { signal: AbortSignal.abort(new Error("enough")) });
    expect(await rig.summary).toMatchObject({
      exitCode: 130,
      outcome: { status: "cancelled", reason: "cancelled: enough" },
    });
  });

  it("maps SIGTERM to 143", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a"] }]));
    rig.abort.abort({ ...interrupted, signal: "SIGTERM" });
    expect((await rig.summary).exitCode).toBe(143);
  });

  it("starts nothing when it was cancelled before the start", async () => {
    const rig = new RunRig(planOf([{ id: "one", nodes: ["a"] }]), { signal: AbortSignal.abort(interrupted) });
    await rig.summary;
    expect(rig.agent.started).toEqual([]);
  });
});

describe("which outcome decides", () => {
  it.each<[string, Outcome[], number]>([
    [
      "a failure outweighs everything",
      [failed, { status: "timed-out", deadline: "category", limitMs: 1, reason: "" }],
      1,
    ],
    [
      "a breached budget outweighs broken infrastructure",
      [
        { status: "errored", reason: "" },
        { status: "timed-out", deadline: "category", limitMs: 1, reason: "" },
      ],
      4,
    ],
    [
      "broken infrastructure outweighs doubt",
      [
        { status: "inconclusive", reason: "" },
        { status: "errored", reason: "" },
      ],
      3,
    ],
    ["doubt outweighs a pass", [{ status: "inconclusive", reason: "" }, { status: "passed" }], 5],
    ["all passed", [{ status: "passed" }, { status: "passed" }], 0],
  ])("%s", async (_, outcomes, exitCode) => {
    const ids = outcomes.map((_outcome, index) => `n${index}`);
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ids }]));
    for (const [index, outcome] of outcomes.entries()) await rig.agent.end(`n${index}`, outcome);
    expect((await rig.summary).exitCode).toBe(exitCode);
  });
});
