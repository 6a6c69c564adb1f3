import { describe, expect, it } from "vitest";
import { exitMeaning } from "../../src/render/exit-meaning.ts";

describe("exitMeaning", () => {
  it.each([
    [0, "passed"],
    [1, "tests failed"],
    [4, "a time budget was exceeded"],
    [6, "nothing ran"],
    [70, "a bug in apex"],
    [130, "interrupted"],
    [143, "terminated"],
  ])("says what %d means", (code, meaning) => {
    expect(exitMeaning(code)).toBe(meaning);
  });

  it("knows nothing of a code that is not documented", () => {
    expect(exitMeaning(99)).toBeUndefined();
  });
});
