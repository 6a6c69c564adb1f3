import { describe, expect, it } from "vitest";
import { formatDuration, formatElapsed } from "../../src/render/durations.ts";

describe("formatDuration", () => {
  it.each([
    [0, "0ms"],
    [12.4, "12ms"],
    [99.6, "0.1s"],
    [1240, "1.2s"],
    [59_940, "59.9s"],
    [59_960, "1m 00s"],
    [125_000, "2m 05s"],
    [3_599_400, "59m 59s"],
    [3_599_600, "1h 00m"],
    [3_725_000, "1h 02m"],
    [90_000_000, "25h 00m"],
    [-5, "0ms"],
  ])("shows %d ms as %s", (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });
});

describe("formatElapsed", () => {
  it.each([
    [0, "0s"],
    [41_200, "41s"],
    [59_600, "1m 00s"],
    [125_000, "2m 05s"],
    [3_725_000, "1h 02m"],
  ])("shows %d ms as %s", (ms, expected) => {
    expect(formatElapsed(ms)).toBe(expected);
  });
});
