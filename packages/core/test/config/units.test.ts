import { describe, expect, it } from "vitest";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../src/config/units.ts";

describe("durations", () => {
  it.each([
    ["90s", 90_000],
    ["2m", 120_000],
    ["1h30m", 5_400_000],
    ["250ms", 250],
    ["1.5s", 1_500],
    ["1d", 86_400_000],
  ])("reads %s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["", "90", "s", "2 m", "-1s", "1h 30m", "2m!", "Infinitys"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each([
    [0, "0ms"],
    [340, "340ms"],
    [1_234, "1.2s"],
    [2_000, "2s"],
    [59_940, "59.9s"],
    [59_960, "1m"],
    [125_000, "2m 05s"],
    [5_400_000, "1h 30m"],
  ])("says %d ms as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("sizes", () => {
  it.each([
    ["512MiB", 512 * 2 ** 20],
    ["1GiB", 2 ** 30],
    ["2 GB", 2e9],
  ])("reads %s", (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(["512", "1gib", "MiB"])("refuses %j", (text) => expect(parseSize(text)).toBeUndefined());
});

describe("formatSize", () => {
  it.each([
    [0, "0B"],
    [1023, "1023B"],
    [512 * 2 ** 20, "512MiB"],
    [1.5 * 2 ** 30, "1.5GiB"],
    [2 ** 40, "1024GiB"],
  ])("says %s bytes as %s", (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});
