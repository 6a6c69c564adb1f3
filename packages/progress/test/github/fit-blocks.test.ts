import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Block, fitBlocks } from "../../src/github/fit-blocks.ts";

const line = fc.string({ unit: "grapheme", maxLength: 200 }).map((text) => text.replaceAll(/[\r\n]/g, " "));
const rows = fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 30 });

describe("blocks that are fitted into a number of bytes", () => {
  it("never take more, and are cut between rows alone", () => {
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 6 }), fc.integer({ min: 0, max: 30_000 }), (all, maxBytes) => {
        const blocks = all.map((own, index): Block => ({
          what: `rows ${index}`,
          head: [`<open ${index}>`],
          rows: own.map((row, at) => row.map((text) => `${index}.${at} ${text}`)),
          tail: [`</open ${index}>`],
        }));
        const fitted = fitBlocks(blocks, maxBytes);
        expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(maxBytes);
        const lines = fitted.split("\n");
        expect(lines.filter((text) => text.startsWith("<open"))).toHaveLength(
          lines.filter((text) => text.startsWith("</open")).length,
        );
        for (const { head, rows: own, tail } of blocks) {
          if (!lines.includes(head[0] ?? "")) continue;
          const within = lines.slice(lines.indexOf(head[0] ?? "") + 1, lines.indexOf(tail[0] ?? ""));
          const whole = own.flat();
          expect(within).toEqual(whole.slice(0, within.length));
          expect([...own.keys(), own.length].map((count) => own.slice(0, count).flat().length)).toContain(
            within.length,
          );
        }
      }),
    );
  });

  it("are all there where there is room, without a word about it", () => {
    const blocks = [
      { what: "a", head: ["# a"], rows: [["1"], ["2"]], tail: [] },
      { what: "b", head: ["# b"], rows: [], tail: ["end"] },
    ];
    expect(fitBlocks(blocks, 2_000)).toBe("# a\n1\n2\n\n# b\nend\n");
  });

  it("say how many rows are left out of which blocks", () => {
    const long = Array.from({ length: 50 }, (_, index) => [`${index} ${"é".repeat(45)}`]);
    const text = fitBlocks(
      [
        { what: "causes", head: ["# a"], rows: long, tail: [] },
        { what: "slow tests", head: ["# b"], rows: [["short"]], tail: [] },
        { what: "commands", head: ["# c"], rows: [], tail: [] },
      ],
      2_000,
    );
    expect(text.trimEnd().split("\n").at(-1)).toBe(
      "_Cut at GitHub's limit for summaries; left out: 40 of 50 causes, 1 of 1 slow tests, commands._",
    );
  });
});
