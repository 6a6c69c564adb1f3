import { describe, expect, it } from "vitest";
import { didYouMean, suggest } from "../../src/config/suggest.ts";

describe("a suggestion", () => {
  it.each([
    ["comand", "command"],
    ["unti", "unit"],
    ["Fast-Feedback", "fast_feedback"],
    ["core", "core_integration"],
    ["node-test", "node:test"],
  ])("for %j is %j", (word, meant) => {
    expect(suggest(word, ["command", "unit", "fast_feedback", "core_integration", "node:test", "api"])).toBe(meant);
  });

  it("is not made for a word that is like nothing known, or that begins several", () => {
    expect(suggest("zebra", ["unit", "api"])).toBeUndefined();
    expect(suggest("fast", ["fast_feedback", "fast_track"])).toBeUndefined();
  });

  it("gives way to the list of what there is", () => {
    expect(didYouMean("zebra", ["unit", "api"])).toBe("known: unit, api");
    expect(didYouMean("zebra", [])).toBeUndefined();
  });
});
