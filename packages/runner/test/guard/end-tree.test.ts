import { expect, test } from "vitest";
import { endTree, type Pace } from "../../src/guard/end-tree.ts";
import type { ProcessTree } from "../../src/guard/process-tree.ts";

/** A pace at which every wait is over at once, and its time has passed. */
function skippingPace(): Pace {
  let nowMs = 0;
  return {
    monotonicMs: () => nowMs,
    async wait(ms) {
      nowMs += ms;
    },
  };
}

/** A tree that only this signal ends, or nothing at all. */
function treeEndedBy(deadly: "SIGTERM" | "SIGKILL" | "nothing") {
  const signals: string[] = [];
  let isGone = false;
  const tree: ProcessTree = {
    signal(name) {
      signals.push(name);
      isGone ||= name === deadly;
    },
    isGone: () => isGone,
    pids: () => (isGone ? [] : [1]),
    members: () => (isGone ? [] : [{ pid: 1, command: "sleep" }]),
  };
  return { tree, signals };
}

test("what ends by SIGTERM is sent nothing else", async () => {
  const { tree, signals } = treeEndedBy("SIGTERM");
  expect(await endTree(tree, { pace: skippingPace(), graceMs: 5_000 })).toEqual({ by: "term", isGone: true });
  expect(signals).toEqual(["SIGTERM"]);
});

test("SIGKILL follows when the grace is over, and not before", async () => {
  const { tree, signals } = treeEndedBy("SIGKILL");
  const pace = skippingPace();
  expect(await endTree(tree, { pace, graceMs: 5_000 })).toEqual({ by: "kill", isGone: true });
  expect(signals).toEqual(["SIGTERM", "SIGKILL"]);
  expect(pace.monotonicMs()).toBe(5_000);
});

test("a tree that was to be killed at once is never asked", async () => {
  const { tree, signals } = treeEndedBy("SIGKILL");
  await endTree(tree, { pace: skippingPace(), graceMs: 5_000, killSignal: AbortSignal.abort() });
  expect(signals).toEqual(["SIGKILL"]);
});

test("what outlives SIGKILL is given up after a while, so that the run does not hang", async () => {
  const { tree } = treeEndedBy("nothing");
  const pace = skippingPace();
  expect(await endTree(tree, { pace, graceMs: 5_000 })).toEqual({ by: "kill", isGone: false });
  expect(pace.monotonicMs()).toBe(15_000);
});
