import type { Clock } from "@netra-apex/core";
import { expect, test } from "vitest";
import { endGroup } from "../../src/process/end-group.ts";
import type { ProcessGroup } from "../../src/process/process-group.ts";

/** A clock on which every wait is over at once, and its time has passed. */
function skippingClock(): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    schedule(delayMs, callback) {
      nowMs += delayMs;
      queueMicrotask(callback);
      return () => undefined;
    },
  };
}

/** A group that only this signal ends, or nothing at all. */
function groupEndedBy(deadly: "SIGTERM" | "SIGKILL" | "nothing") {
  const signals: string[] = [];
  let isGone = false;
  const group: ProcessGroup = {
    signal(name) {
      signals.push(name);
      isGone ||= name === deadly;
    },
    isGone: () => isGone,
    count: () => (isGone ? 0 : 1),
  };
  return { group, signals };
}

test("what ends by SIGTERM is sent nothing else", async () => {
  const { group, signals } = groupEndedBy("SIGTERM");
  expect(await endGroup(group, { clock: skippingClock(), graceMs: 5_000 })).toEqual({ by: "term", isGone: true });
  expect(signals).toEqual(["SIGTERM"]);
});

test("SIGKILL follows when the grace is over, and not before", async () => {
  const { group, signals } = groupEndedBy("SIGKILL");
  const clock = skippingClock();
  expect(await endGroup(group, { clock, graceMs: 5_000 })).toEqual({ by: "kill", isGone: true });
  expect(signals).toEqual(["SIGTERM", "SIGKILL"]);
  expect(clock.monotonicMs()).toBe(5_000);
});

test("a group that was to be killed at once is never asked", async () => {
  const { group, signals } = groupEndedBy("SIGKILL");
  await endGroup(group, { clock: skippingClock(), graceMs: 5_000, killSignal: AbortSignal.abort() });
  expect(signals).toEqual(["SIGKILL"]);
});

test("what outlives SIGKILL is given up after a while, so that the run does not hang", async () => {
  const { group } = groupEndedBy("nothing");
  const clock = skippingClock();
  expect(await endGroup(group, { clock, graceMs: 5_000 })).toEqual({ by: "kill", isGone: false });
  expect(clock.monotonicMs()).toBe(15_000);
});
