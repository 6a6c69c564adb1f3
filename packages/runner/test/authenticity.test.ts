import { writeFileSync } from "node:fs";
import path from "node:path";
import { type AuthenticityRules, countTests, type TestResult } from "@netra-apex/core";
import { describe, expect, test } from "vitest";
import { findSuspicions } from "../src/authenticity.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

interface Case extends Partial<AuthenticityRules> {
  readonly output?: string;
  readonly durationsMs?: readonly number[];
  readonly durationMs?: number;
  readonly collected?: number;
  readonly lastPass?: number;
}

/** What a green run of these tests with this output is suspected of: the signal, and whether it decides. */
async function suspect({ output = "", durationsMs = [120], durationMs = 1_000, collected, lastPass, ...rules }: Case) {
  const logFile = path.join(temporaryDirectory(), "log");
  writeFileSync(logFile, output);
  const tests = durationsMs.map((duration, index): TestResult => {
    const name = `test ${index}`;
    return { id: name, name, suites: [], durationMs: duration, status: "passed" };
  });
  const suspicions = await findSuspicions({
    rules: { isStrict: false, forbidOutput: [], ...rules },
    tests,
    counts: countTests(tests),
    report: collected === undefined ? {} : { collected },
    lastPass,
    durationMs,
    logFile,
  });
  return suspicions.map(({ signal, isDecisive, message }) => `${signal}${isDecisive ? "!" : ""}: ${message}`);
}

const mockLine = "10:00 WARN falling back to mock websocket\n";

describe("a green result", () => {
  test("that takes its time and says nothing odd is not suspected", async () => {
    expect(await suspect({ isStrict: true, evidence: "live", output: "12 passed\n" })).toEqual([]);
  });

  test("without time in any test is suspected, with the numbers, and decisively where something real was asked for", async () => {
    const durationsMs = [0, 0.4, 1.2];
    const message = "all 3 tests took 0.00 s (at most 1.2 ms)";
    expect(await suspect({ isStrict: true, durationsMs })).toEqual([`no-duration!: ${message}`]);
    expect(await suspect({ evidence: "emulated", durationsMs })).toEqual([`no-duration: ${message}`]);
    expect(await suspect({ evidence: "mocked", durationsMs })).toEqual([]);
    expect(await suspect({ durationsMs })).toEqual([]);
    expect(await suspect({ isStrict: true, durationsMs: [0, 0, 30] })).toEqual([]);
    expect(await suspect({ isStrict: true, durationsMs: [0.3] })).toEqual([
      "no-duration!: its only test took 0.00 s (0.3 ms)",
    ]);
  });

  test("that ended sooner than it can is always decisive", async () => {
    expect(await suspect({ minDurationMs: 5_000, durationMs: 420 })).toEqual([
      "too-fast!: took 0.42 s, less than its min_duration_seconds (5.00 s)",
    ]);
    expect(await suspect({ minDurationMs: 5_000, durationMs: 5_000 })).toEqual([]);
  });

  test("that reports fewer tests than were collected is always decisive", async () => {
    expect(await suspect({ collected: 7 })).toEqual(["collected-not-reported!: 7 tests were collected and 1 reported"]);
    // Tests that make further ones report more.
    expect(await suspect({ collected: 0 })).toEqual([]);
  });

  test("that has fewer tests than the last pass is told of", async () => {
    expect(await suspect({ lastPass: 3 })).toEqual(["fewer-tests: 1 test, and 3 when it passed last"]);
    expect(await suspect({ lastPass: 1 })).toEqual([]);
  });

  test("that says it fell back to mocks is suspected where that matters", async () => {
    const message = 'the output says what it must not: "10:00 WARN falling back to mock websocket" (one line)';
    expect(await suspect({ isStrict: true, output: mockLine })).toEqual([`forbidden-output!: ${message}`]);
    expect(await suspect({ evidence: "emulated", output: mockLine })).toEqual([`forbidden-output: ${message}`]);
    expect(await suspect({ output: mockLine })).toEqual([]);
  });

  test.each([
    "Using mock LLM client",
    "service down, fallback to mock",
    "[ws] using a mock server",
    "running in mock mode",
    "WARN: FALLING BACK TO MOCK client",
    "\u001B[33mfalling back to mock\u001B[39m database",
  ])("saying %j counts", async (line) => {
    expect(await suspect({ isStrict: true, output: `before\n${line}\nafter` })).toHaveLength(1);
  });

  test.each(["mocking is covered elsewhere", "hammock", "no mocks were used", "focusing mocker"])(
    "saying %j does not count",
    async (line) => {
      expect(await suspect({ isStrict: true, output: line })).toEqual([]);
    },
  );

  test.each([
    "ok  \texample.com/shop\t(cached)",
    "shop:test: cache hit, replaying logs 8a1b",
    "Time: 90ms >>> FULL TURBO",
    "> nx run shop:test  [local cache]",
  ])("that replays an earlier one, saying %j, counts", async (line) => {
    expect(await suspect({ isStrict: true, output: `${line}\n` })).toEqual([
      expect.stringMatching(/^cached!: an earlier/),
    ]);
  });

  test("is held against what the config forbids, texts in any case and patterns, however strict or not", async () => {
    const output = "a\nDEPRECATED api\nretry 3 of 5\nretry 4 of 5\n";
    const said = "forbidden-output!: the output says what it must not: ";
    expect(await suspect({ forbidOutput: ["deprecated"], output })).toEqual([`${said}"DEPRECATED api" (one line)`]);
    expect(await suspect({ forbidOutput: ["/^retry \\d/"], output })).toEqual([`${said}"retry 3 of 5" (2 lines)`]);
    expect(await suspect({ forbidOutput: ["none of it"], output })).toEqual([]);
  });

  test("is read to the end of an output of many megabytes, without holding it", async () => {
    const output = `${"x".repeat(99)}\n`.repeat(300_000) + mockLine;
    expect(await suspect({ isStrict: true, output })).toHaveLength(1);
  });
});
