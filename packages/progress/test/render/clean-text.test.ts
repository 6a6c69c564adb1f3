import { describe, expect, it } from "vitest";
import { cleanBlock, cleanLine, cleanOutputLine, cleanTail } from "../../src/render/clean-text.ts";

describe("cleanLine", () => {
  it("makes one line of several", () => {
    expect(cleanLine("  a\r\n\tb\u2028c  ")).toBe("a b c");
  });

  it.each([
    ["colours", "\u001b[1;31mred\u001b[0m"],
    ["cursor movement and clearing", "\u001b[2J\u001b[Hre\u001b[3Ad"],
    ["a window title", "\u001b]0;owned\u0007red"],
    ["a hyperlink", "\u001b]8;;http://evil\u0007red\u001b]8;;\u0007"],
    ["C1 controls", "\u009b31mred\u0085"],
    ["an escape before an escape", "\u001b\u001b[31mred"],
    ["bells, backspaces and nulls", "r\u0007e\u0008d\u0000"],
    ["marks that turn the direction of text", "\u202ered\u2069"],
  ])("takes out %s", (_what, text) => {
    expect(cleanLine(text)).toBe("red");
  });

  it("never leaves an escape character, whatever is around it", () => {
    expect(cleanLine("\u001b\u001b[[31m\u001b]0;never ended \u001bP q")).not.toMatch(/\p{Cc}/u);
  });

  it("cuts at the length asked for, and never through a character", () => {
    expect(cleanLine("abcdef", 4)).toBe("abc…");
    expect(cleanLine("ab🎉cd", 4)).toBe("ab…");
  });

  it("keeps what is not a control character", () => {
    expect(cleanLine("Grüße, 世界 🎉 — ✓")).toBe("Grüße, 世界 🎉 — ✓");
  });
});

describe("cleanBlock", () => {
  it("keeps indentation and inner blank lines, and drops blank ends", () => {
    expect(cleanBlock("\n\n  a\n\n\tb  \n \n", 10)).toEqual(["  a", "", "  b"]);
  });

  it("counts the lines that it leaves out", () => {
    expect(cleanBlock("1\n2\n3\n4\n5", 3)).toEqual(["1", "2", "… and 3 more lines"]);
    expect(cleanBlock("1\n2\n3", 3)).toEqual(["1", "2", "3"]);
  });

  it("is empty for a text without any", () => {
    expect(cleanBlock(" \n\u001b[0m\n", 3)).toEqual([]);
  });
});

describe("cleanTail", () => {
  it("keeps the last lines", () => {
    expect(cleanTail("1\n2\n3\n\n", 2)).toEqual(["2", "3"]);
  });
});

describe("cleanOutputLine", () => {
  it("shows what a terminal would have left standing", () => {
    expect(cleanOutputLine("10%\r55%\r100%\r")).toBe("100%");
  });
});
