import { describe, expect, it } from "vitest";
import type { OutputEnv } from "../../src/output-stream.ts";
import { choosePalette } from "../../src/render/palette.ts";
import { CollectedStream } from "../collected-stream.ts";

const terminal = new CollectedStream({ columns: 80 });
const pipe = new CollectedStream();
const hasColour = (stream: CollectedStream, env: OutputEnv): boolean => choosePalette(stream, env).good("✓") !== "✓";

describe("choosePalette", () => {
  it("colours a terminal and nothing else", () => {
    expect(hasColour(terminal, {})).toBe(true);
    expect(hasColour(pipe, {})).toBe(false);
    expect(hasColour(terminal, { TERM: "dumb" })).toBe(false);
  });

  it("honours NO_COLOR unless it is empty", () => {
    expect(hasColour(terminal, { NO_COLOR: "1" })).toBe(false);
    expect(hasColour(terminal, { NO_COLOR: "" })).toBe(true);
  });

  it("lets FORCE_COLOR decide against everything else", () => {
    expect(hasColour(pipe, { FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(true);
    expect(hasColour(terminal, { FORCE_COLOR: "0" })).toBe(false);
  });
});
