import { describe, expect, test } from "vitest";
import { createAnsiStripper } from "../../src/process/ansi-stripper.ts";

function strip(...pieces: string[]): string {
  const stripper = createAnsiStripper();
  return pieces.map((piece) => stripper.push(piece)).join("") + stripper.end();
}

describe("createAnsiStripper", () => {
  test("removes colours, cursor movements and links", () => {
    expect(
      strip("\u001B[1m\u001B[31mred\u001B[39m\u001B[2K \u001B]8;;https://x.example\u0007link\u001B]8;;\u0007"),
    ).toBe("red link");
  });

  test("removes a sequence wherever it is cut in two", () => {
    const text = "a\u001B[38;5;246mb\u001B]8;;https://x.example\u0007c";
    for (let cut = 0; cut <= text.length; cut += 1) expect(strip(text.slice(0, cut), text.slice(cut))).toBe("abc");
  });

  test("removes sequences that come character by character", () => {
    expect(strip(..."x\u001B[31my\u001B[0mz".split(""))).toBe("xyz");
  });

  test("does not hold text back for ever after a stray escape character", () => {
    const stripper = createAnsiStripper();
    expect(stripper.push(`\u001B]${"text ".repeat(2_000)}`)).toContain("text text");
  });

  test("leaves plain text alone", () => {
    expect(strip("plain [31m ü\n", "\t")).toBe("plain [31m ü\n\t");
  });
});
