import { describe, expect, it } from "vitest";
import { ToolTimeoutError } from "../../src/agents/tool-call.ts";
import { isRetryable, retryDelayMs } from "../../src/engine/retry-delay.ts";
import type { RetryPolicy } from "../../src/layers/category.ts";
import type { Outcome } from "../../src/outcome.ts";
import { planOf, RunRig } from "../rig/run-rig.ts";

const policy = (over: Partial<RetryPolicy> = {}): RetryPolicy => ({
  maxAttempts: 3,
  on: ["timed-out", "errored", "transient"],
  backoff: { initialMs: 1_000, factor: 2, maxMs: 5_000, jitter: "none" },
  ...over,
});
const errored: Outcome = { status: "errored", reason: "no luck" };

describe("the time between attempts", () => {
  it("grows by the factor up to the maximum", () => {
    expect([1, 2, 3, 4, 5].map((attempt) => retryDelayMs(policy(), attempt))).toEqual([
      1_000, 2_000, 4_000, 5_000, 5_000,
    ]);
  });

  it("with full jitter is a random part of that", () => {
    const jittered = policy({ backoff: { ...policy().backoff, jitter: "full" } });
    expect([0, 0.25, 0.999].map((random) => retryDelayMs(jittered, 2, () => random))).toEqual([0, 500, 1_998]);
  });

  it("is waited on the run's clock, to the millisecond", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: [{ id: "a", retry: policy() }] }]));
    await rig.agent.end("a", errored);
    await rig.clock.advance(999);
    expect(rig.agent.started).toHaveLength(1);
    await rig.clock.advance(1);
    expect(rig.agent.started).toHaveLength(2);
    await rig.agent.end("a", errored);
    await rig.clock.advance(1_999);
    expect(rig.agent.started).toHaveLength(2);
    await rig.clock.advance(1);
    await rig.agent.end("a");
    expect(rig.all("node_completed")[0]).toMatchObject({ outcome: { status: "passed" }, attempts: 3, flaky: true });
    expect((await rig.summary).retries).toBe(2);
  });
});

describe("what is worth another attempt", () => {
  it.each<[Outcome, boolean]>([
    [{ status: "failed", reason: "" }, false],
    [{ status: "failed", reason: "", failureClass: "transient" }, true],
    [{ status: "failed", reason: "", failureClass: "crash" }, false],
    [{ status: "errored", reason: "" }, true],
    [{ status: "timed-out", reason: "", deadline: "attempt", limitMs: 1 }, true],
    [{ status: "inconclusive", reason: "" }, false],
    [{ status: "passed" }, false],
  ])("by default: %j is %s", (outcome, expected) => {
    expect(isRetryable(policy(), outcome)).toBe(expected);
  });

  it("can be said by the class of the failure", () => {
    const onCrash = policy({ on: ["crash"] });
    expect(isRetryable(onCrash, { status: "errored", reason: "" })).toBe(true);
    expect(isRetryable(onCrash, { status: "errored", reason: "", failureClass: "infrastructure" })).toBe(false);
    expect(isRetryable(policy({ on: ["assertion"] }), { status: "failed", reason: "" })).toBe(true);
  });

  it("a system error of a connection is transient, also as the cause of another error", async () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a"] }]));
    await rig.agent.crash("a", new TypeError("fetch failed", { cause: refused }));
    expect(rig.outcomeOf("a")).toEqual({
      status: "errored",
      reason: "fetch failed: connect ECONNREFUSED",
      code: "ECONNREFUSED",
      failureClass: "transient",
    });
  });
});

describe("a tool that took too long", () => {
  it("is a timeout where the agent does not go on without it", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a"] }]));
    await rig.agent.crash("a", new ToolTimeoutError("slow", 100));
    expect(rig.outcomeOf("a")).toMatchObject({ status: "errored", code: "APEX_TOOL_TIMEOUT", failureClass: "timeout" });
  });
});

describe("a retry budget", () => {
  const nodes = ["a", "b"].map((id) => ({ id, retry: policy() }));

  it("of a layer is shared by its nodes, and says so when it is used up", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", retryBudget: 1, nodes }]));
    await rig.agent.end("a", errored);
    await rig.agent.end("b", errored);
    expect(rig.outcomeOf("b")).toEqual(errored);
    expect(rig.all("retry_refused")).toMatchObject([
      { nodeId: "b", attempt: 1, reason: "the retry budget of layer one (1) is used up" },
    ]);
    await rig.clock.advance(1_000);
    expect(rig.running).toEqual(["a"]);
  });

  it("of the run counts the retries of all layers", async () => {
    const layers = nodes.map((node, index) => ({ id: `layer ${index}`, nodes: [node] }));
    const rig = await RunRig.start(planOf(layers, { retryBudget: 1 }));
    await rig.agent.end("a", errored);
    await rig.agent.end("b", errored);
    expect(rig.all("retry_refused")).toMatchObject([{ nodeId: "b", reason: expect.stringContaining("of the run") }]);
  });

  it("is not touched by a retry for which there is no time", async () => {
    const late = { id: "late", retry: policy(), timeoutMs: 500 };
    const rig = await RunRig.start(
      planOf([{ id: "one", retryBudget: 1, nodes: [late, { id: "b", retry: policy() }] }]),
    );
    await rig.agent.end("late", errored);
    expect(rig.all("retry_refused")).toMatchObject([{ reason: "the category deadline leaves no time for it" }]);
    await rig.agent.end("b", errored);
    expect(rig.all("node_retrying")).toMatchObject([{ nodeId: "b" }]);
  });
});
