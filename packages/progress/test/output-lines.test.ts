import { describe, expect, it } from "vitest";
import { OutputLines } from "../src/output-lines.ts";

describe("OutputLines", () => {
  it("joins pieces into lines, for each node by itself", () => {
    const lines = new OutputLines();
    expect(lines.add("unit", "a")).toEqual([]);
    expect(lines.add("api", "x\n")).toEqual(["x"]);
    expect(lines.add("unit", "b\nc\nd")).toEqual(["ab", "c"]);
    expect(lines.end("unit")).toEqual(["d"]);
    expect(lines.end("unit")).toEqual([]);
    expect(lines.end("api")).toEqual([]);
  });

  it("reads a sequence that was cut between two pieces as one", () => {
    const lines = new OutputLines();
    lines.add("unit", "\u001b[3");
    expect(lines.add("unit", "1mred\u001b[0m\r")).toEqual([]);
    expect(lines.add("unit", "\n")).toEqual(["red"]);
  });

  it("does not collect a line that never ends", () => {
    const lines = new OutputLines();
    const pieces = Array.from({ length: 20 }, () => lines.add("unit", "x".repeat(1000))).flat();
    expect(pieces).toHaveLength(2);
    expect(lines.end("unit")).toHaveLength(1);
  });
});
