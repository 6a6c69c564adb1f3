import { noTests, type Outcome, type TestSelector } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { type CategoryState, mostTestsPerCategory, selectorKey } from "../../src/open-state/open-state.ts";
import type { NodeEnd } from "../../src/open-state/open-state-recorder.ts";
import { nextState } from "../../src/open-state/next-state.ts";

const adds: TestSelector = { file: "cart.test.ts", path: ["adds"] };
const removes: TestSelector = { file: "cart.test.ts", path: ["removes"] };
const open = (...tests: TestSelector[]): CategoryState => ({ state: "tests-failed", tests });
const broken: CategoryState = { state: "failed", reason: "it crashed" };
const unproved: CategoryState = { state: "unproved", reason: "unit failed" };

function end(outcome: Outcome, over: Partial<NodeEnd> = {}): NodeEnd {
  return { outcome, counts: noTests, isPartial: false, isWhole: false, failed: undefined, passed: new Set(), ...over };
}

const passed = end({ status: "passed" });
const failing = (...tests: TestSelector[]): NodeEnd => end({ status: "failed", reason: "failed" }, { failed: tests });
const crashed = end({ status: "errored", reason: "it crashed" });
const heldBack = end({ status: "skipped", cause: "dependency", reason: "unit failed" });
const notChosen = end({ status: "skipped", cause: "condition", reason: "no change" });
const part = (node: NodeEnd, ...mended: TestSelector[]): NodeEnd => ({
  ...node,
  isPartial: true,
  passed: new Set(mended.map(selectorKey)),
});

describe("what a category has open after a run", () => {
  it.each<[string, CategoryState | undefined, NodeEnd[], CategoryState | undefined]>([
    ["nothing, when it passed as a whole", broken, [passed], undefined],
    ["its failed tests", undefined, [failing(adds)], open(adds)],
    ["its failed tests anew, when it ran as a whole", open(adds), [failing(removes)], open(removes)],
    ["all of it, when it crashed", open(adds), [crashed], broken],
    ["what a part of it did not mend", open(adds, removes), [part(passed, adds)], open(removes)],
    [
      "what fails in a part of it beside what it did not run",
      open(adds),
      [part(failing(removes))],
      open(adds, removes),
    ],
    [
      "nothing that passed, though its file is named only on failure",
      open(adds),
      [part(passed, { ...adds, file: "" })],
      undefined,
    ],
    ["all of it still, when a part of it passed", broken, [part(passed, adds)], broken],
    ["what it had, when it was held back", open(adds), [heldBack], open(adds)],
    ["its proof, when it was held back and had nothing else", undefined, [heldBack], unproved],
    ["what it had, when it was not chosen", broken, [notChosen], broken],
    ["the failed tests of all its shards", undefined, [failing(adds), failing(removes), passed], open(adds, removes)],
    [
      "the tests of a shard, whatever stands for all shards was skipped for",
      undefined,
      [failing(adds), passed, { ...heldBack, isWhole: true }],
      open(adds),
    ],
    [
      "all of it, when a shard failed and another never ran",
      undefined,
      [failing(adds), heldBack],
      {
        state: "failed",
        reason: "unit failed",
      },
    ],
    [
      "all of it, when its shards were not all of its tests",
      undefined,
      [passed, { ...crashed, isWhole: true }],
      broken,
    ],
  ])("is %s", (_, before, nodes, after) => {
    const state = nextState(before ? { unit: before } : {}, new Map([["unit", nodes]]));
    expect(state["unit"]).toEqual(after);
  });

  it("is all of it where too many tests failed to be named", () => {
    const tests = Array.from({ length: mostTestsPerCategory }, (_, index) => ({ file: "", path: [`t${index}`] }));
    const shards = [failing(...tests), failing(adds)];
    expect(nextState({}, new Map([["unit", shards]]))["unit"]).toEqual({
      state: "failed",
      reason: `${mostTestsPerCategory + 1} tests failed`,
    });
  });

  it("stays as it was for a category that was no part of the run", () => {
    expect(nextState({ api: open(adds), unit: broken }, new Map([["unit", [passed]]]))).toEqual({ api: open(adds) });
  });
});
