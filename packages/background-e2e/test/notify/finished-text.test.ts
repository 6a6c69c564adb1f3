import { describe, expect, test } from "vitest";
import { finishedText, shouldNotify } from "../../src/notify/finished-text.ts";
import type { FinalTaskState } from "../../src/queue/task.ts";
import { endedTask } from "./finished-task.ts";

const states = ["completed", "failed", "timed-out", "lost", "cancelled"] as const;
const told = (on: "change" | "always" | "failure" | "never", previous?: FinalTaskState): FinalTaskState[] =>
  states.filter((state) => shouldNotify(state, previous, on));

describe("who wants to hear of it", () => {
  test("on a change: of bad after good or nothing, of good after bad, and never of what was cancelled", () => {
    expect(told("change")).toEqual(["failed", "timed-out", "lost"]);
    expect(told("change", "completed")).toEqual(["failed", "timed-out", "lost"]);
    expect(told("change", "failed")).toEqual(["completed"]);
    expect(told("change", "timed-out")).toEqual(["completed"]);
    expect(told("change", "cancelled")).toEqual(["failed", "timed-out", "lost"]);
  });

  test("always, only of failures, never", () => {
    expect(told("always", "completed")).toEqual([...states]);
    expect(told("failure", "failed")).toEqual(["failed", "timed-out", "lost"]);
    expect(told("never")).toEqual([]);
  });
});

describe("the line on it", () => {
  test("says how it ended, why, and how it was before", () => {
    expect(finishedText(endedTask("failed"), "completed")).toBe(
      "cypress-k3f9x2 failed after 12m 05s: 2 of 14 tests failed (was completed before)",
    );
    expect(finishedText(endedTask("completed"), "completed")).toBe(
      "cypress-k3f9x2 completed after 12m 05s: 14 of 14 tests passed",
    );
  });

  test("says the environment when it is not the usual one, and the reason of what never had a result", () => {
    const { result: _, ...lost } = endedTask("lost", { reason: "its worker vanished three times" });
    const spec = { ...lost.spec, environment: "staging" };
    expect(finishedText({ ...lost, spec })).toBe("cypress-k3f9x2 lost in staging: its worker vanished three times");
  });
});
