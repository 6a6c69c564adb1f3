import { describe, expect, it } from "vitest";
import type { Outcome } from "@netra-apex/core";
import { outcomeSentence } from "../../src/render/outcome-text.ts";

describe("outcomeSentence", () => {
  it.each<[Outcome, string]>([
    [{ status: "passed" }, "passed"],
    [{ status: "failed", reason: "2 of 39 tests failed" }, "failed: 2 of 39 tests failed"],
    [{ status: "cancelled", by: "person", reason: "cancelled by Ctrl-C" }, "cancelled by Ctrl-C"],
    [{ status: "timed-out", deadline: "run", limitMs: 1, reason: "timed out after 1m" }, "timed out after 1m"],
    [{ status: "timed-out", deadline: "run", limitMs: 1, reason: "run budget" }, "timed out: run budget"],
    [{ status: "errored", reason: "" }, "errored"],
  ])("says the status once: %j", (outcome, expected) => {
    expect(outcomeSentence(outcome)).toBe(expected);
  });
});
