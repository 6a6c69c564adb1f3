import { describe, expect, it } from "vitest";
import { combineOutcomes, type NamedOutcome } from "../../src/engine/combine-outcomes.ts";
import { planOf, RunRig } from "../rig/run-rig.ts";

const failed = (name: string): NamedOutcome => ({ name, outcome: { status: "failed", reason: "1 test failed" } });
const timedOut = (name: string): NamedOutcome => ({
  name,
  outcome: { status: "timed-out", deadline: "category", limitMs: 1_000, reason: "the category deadline was reached" },
});
const errored = (name: string): NamedOutcome => ({ name, outcome: { status: "errored", reason: "no such file" } });
const cancelled = (name: string): NamedOutcome => ({
  name,
  outcome: { status: "cancelled", by: "fast-fail", reason: "cancelled because a failed" },
});
const passed = (name: string): NamedOutcome => ({ name, outcome: { status: "passed" } });

describe("combineOutcomes", () => {
  it.each<[what: string, parts: readonly NamedOutcome[], reason: string]>([
    ["one that failed, by its own words", [failed("a"), passed("b")], "a: 1 test failed"],
    ["several that failed, by name", [failed("a"), failed("b")], "a, b failed"],
    ["one that failed, and those that timed out", [timedOut("b"), failed("a")], "a: 1 test failed; b timed-out"],
    [
      "all that broke, the heaviest first",
      [errored("e"), timedOut("c"), failed("a"), timedOut("d"), failed("b")],
      "a, b failed; c, d timed-out; e errored",
    ],
    [
      "one that timed out, and one that errored",
      [errored("b"), timedOut("a")],
      "a: the category deadline was reached; b errored",
    ],
    ["nobody who was cancelled because of it", [failed("a"), cancelled("b")], "a: 1 test failed"],
  ])("names in its reason %s", (_, parts, reason) => {
    expect(combineOutcomes(parts)).toMatchObject({ reason });
  });
});

describe("a layer", () => {
  it("names nodes that timed out beside the one that failed, and so does its run", async () => {
    const rig = await RunRig.start(planOf([{ id: "one", nodes: ["a", { id: "b", timeoutMs: 2_000 }] }]));
    await rig.agent.end("a", { status: "failed", reason: "exit code 1" });
    await rig.clock.advance(2_000);
    expect(rig.layerOutcome("one")).toEqual({ status: "failed", reason: "a: exit code 1; b timed-out" });
    expect((await rig.summary).outcome).toEqual({ status: "failed", reason: "one: a: exit code 1; b timed-out" });
  });
});
