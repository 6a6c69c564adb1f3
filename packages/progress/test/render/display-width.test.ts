import { describe, expect, it } from "vitest";
import { displayWidth, pad, truncate, widest } from "../../src/render/display-width.ts";

describe("displayWidth", () => {
  it.each([
    ["unit", 4],
    ["Grüße", 5],
    ["e\u0301", 1],
    ["世界", 4],
    ["🎉", 2],
    ["👨‍👩‍👧", 2],
    ["✓ ▰▱ ⠋", 6],
  ])("counts the cells of %s", (text, cells) => {
    expect(displayWidth(text)).toBe(cells);
  });
});

describe("truncate", () => {
  it("leaves a text that fits as it is", () => {
    expect(truncate("unit", 4)).toBe("unit");
  });

  it.each([
    ["integration", 5, "inte…"],
    ["世界世界", 5, "世界…"],
    ["世界世界", 4, "世…"],
    ["abc", 1, "…"],
    ["abc", 0, ""],
  ])("cuts %s to %d cells", (text, width, expected) => {
    expect(truncate(text, width)).toBe(expected);
    expect(displayWidth(truncate(text, width))).toBeLessThanOrEqual(width);
  });
});

describe("pad and widest", () => {
  it("align texts by the cells that they take", () => {
    const names = ["api", "世界"];
    expect(names.map((name) => `${pad(name, widest(names))}|`)).toEqual(["api |", "世界|"]);
  });
});
