import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { readStreamedReport, StreamedReport } from "../../src/adapters/streamed-report.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const begin = { type: "begin", framework: "some", version: "1" };
const end = { type: "end" };
const told = (name: string, more: object = {}) => ({
  type: "test",
  file: "/project/src/a.test.ts",
  suites: ["suite"],
  name,
  status: "passed",
  durationMs: 1.5,
  ...more,
});
const text = (...lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

function fold(...pieces: readonly string[]) {
  const report = new StreamedReport("/project");
  const seen = pieces.flatMap((piece) => report.add(piece));
  return { ...report.end(), seen };
}

describe("a whole report", () => {
  test("has the tests with everything that was told of them", () => {
    const failure = {
      status: "failed",
      line: 3,
      message: "\u001B[31mred\u001B[39m",
      details: "red\n    at a.test.ts:3:1",
    };
    const { completeness, tests } = fold(text(begin, told("one"), told("two", { ...failure, retries: 2 }), end));
    expect(completeness).toBe("complete");
    expect(tests).toEqual([
      {
        id: "src/a.test.ts > suite > one",
        name: "one",
        suites: ["suite"],
        file: "src/a.test.ts",
        status: "passed",
        durationMs: 1.5,
      },
      {
        id: "src/a.test.ts > suite > two",
        name: "two",
        suites: ["suite"],
        file: "src/a.test.ts",
        status: "failed",
        durationMs: 1.5,
        line: 3,
        message: "red",
        details: "red\n    at a.test.ts:3:1",
        retries: 2,
      },
    ]);
  });

  test("may have no test, and errors outside of them", () => {
    expect(fold(text(begin, end))).toMatchObject({ completeness: "complete", tests: [] });
    const { completeness, errors } = fold(
      text(begin, { type: "error", message: "\u001B[1mset-up broke\u001B[22m" }, end),
    );
    expect([completeness, errors]).toEqual(["complete", ["set-up broke"]]);
  });

  test("names a file that is told of itself", () => {
    const line = { type: "test", file: "/project/src/a.test.ts", suites: [], status: "errored", durationMs: 0 };
    expect(fold(text(begin, line, end)).tests).toMatchObject([{ id: "src/a.test.ts", name: "src/a.test.ts" }]);
  });

  test("reads the same in pieces, wherever they are cut", () => {
    const whole = text(begin, told("one – ä"), told("two"), end);
    for (const size of [1, 7, 50]) {
      const pieces = whole.match(new RegExp(`[^]{1,${size}}`, "gu")) ?? [];
      expect(fold(...pieces)).toEqual(fold(whole));
    }
  });

  test("hands every test over as soon as its line is whole", () => {
    const report = new StreamedReport("/project");
    const first = text(begin, told("one"));
    const second = text(told("two"));
    expect(report.add(first + second.slice(0, 9)).map(({ name }) => name)).toEqual(["one"]);
    expect(report.add(second.slice(9)).map(({ name }) => name)).toEqual(["two"]);
  });

  test("may begin and end for each file, and is whole when all have ended", () => {
    expect(fold(text(begin, told("one"), end, begin, told("two"), end))).toMatchObject({
      completeness: "complete",
      tests: [{ name: "one" }, { name: "two" }],
    });
    expect(fold(text(begin, told("one"), begin, told("two"), end)).completeness).toBe("truncated");
  });
});

describe("a test that is told twice", () => {
  test("counts as it was told last", () => {
    const { tests, seen } = fold(text(begin, told("one", { status: "failed" }), told("one", { flaky: true }), end));
    expect(tests).toMatchObject([{ id: "src/a.test.ts > suite > one", status: "passed", flaky: true }]);
    expect(seen.map(({ status }) => status)).toEqual(["failed", "passed"]);
  });

  test("is another test where its key is another", () => {
    const first = told("twin", { key: "1", status: "failed" });
    const second = told("twin", { key: "2" });
    const { tests } = fold(text(begin, first, second, { ...first, retries: 1 }, end));
    expect(tests).toMatchObject([
      { id: "src/a.test.ts > suite > twin", status: "failed", retries: 1 },
      { id: "src/a.test.ts > suite > twin (2)", status: "passed" },
    ]);
  });
});

describe("a report that is not whole", () => {
  test.each([
    ["is not there", [], "missing", 0],
    ["is empty", [""], "missing", 0],
    ["has only begun", [text(begin)], "truncated", 0],
    ["has no end", [text(begin, told("one"))], "truncated", 1],
    ["ends in the middle of a line", [text(begin, told("one")) + text(told("two")).slice(0, 30)], "truncated", 1],
    ["ends in the middle of its last line", [text(begin, told("one"), end).slice(0, -3)], "truncated", 1],
    [
      "has a line that is no JSON",
      [text(begin, told("one")), "Segmentation fault\n", text(told("two"), end)],
      "truncated",
      1,
    ],
    [
      "has a line of another kind",
      [text(begin, told("one"), { type: "verdict", status: "passed" }, end)],
      "truncated",
      1,
    ],
    ["has a status that is none", [text(begin, told("one", { status: "green" }), end)], "truncated", 0],
    ["has a number for a name", [text(begin, told("one"), { ...told("x"), name: 1 }, end)], "truncated", 1],
    ["does not begin", [text(told("one"), end)], "truncated", 0],
    ["is of another format", ['<?xml version="1.0"?>\n<testsuites/>\n'], "truncated", 0],
    ["holds null bytes", [text(begin, told("one")), `${"\0".repeat(100)}\n`, text(end)], "truncated", 1],
  ])("%s", (_, pieces, completeness, count) => {
    const report = fold(...pieces);
    expect(report.completeness).toBe(completeness);
    expect(report.tests).toHaveLength(count);
    expect(report.problem).toEqual(expect.any(String));
  });

  test("never keeps a line that does not end in memory", () => {
    const report = new StreamedReport("/project");
    report.add(text(begin, told("one")));
    const piece = "x".repeat(64 * 1024);
    const before = heldBytes();
    for (let index = 0; index < 3200; index += 1) report.add(piece);
    expect(heldBytes() - before).toBeLessThan(100 * 1024 * 1024);
    expect(report.end()).toMatchObject({ completeness: "truncated", tests: [{ name: "one" }] });
  });

  test("is no prototype's business, whatever its tests are called", () => {
    const { tests } = fold(text(begin, told("__proto__", { key: "__proto__" }), told("constructor"), end));
    expect(tests.map(({ name }) => name)).toEqual(["__proto__", "constructor"]);
    expect(({} as { status?: string }).status).toBeUndefined();
  });
});

/** What is in memory and not garbage: how much of that there is depends on what the collector has got round to. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

describe("readStreamedReport", () => {
  const write = (content: string | Buffer): string => {
    const file = path.join(temporaryDirectory(), "report");
    writeFileSync(file, content);
    return file;
  };

  test("reads a file", async () => {
    const report = await readStreamedReport(write(text(begin, told("one"), end)), "/project");
    expect(report).toMatchObject({ completeness: "complete", tests: [{ name: "one" }] });
  });

  test("reads a file of 100,000 tests", async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => told(`test ${index}`));
    const report = await readStreamedReport(write(text(begin, ...lines, end)), "/project");
    expect([report.completeness, report.tests.length]).toEqual(["complete", 100_000]);
  });

  test("says that there is none", async () => {
    const report = await readStreamedReport(path.join(temporaryDirectory(), "report"), "/project");
    expect(report).toEqual({
      completeness: "missing",
      tests: [],
      problem: "the command wrote no report: it ended before its tests began",
    });
  });

  test("says that it cannot be read", async () => {
    const directory = path.join(temporaryDirectory(), "report");
    mkdirSync(directory);
    const report = await readStreamedReport(directory, "/project");
    expect(report).toMatchObject({
      completeness: "truncated",
      problem: expect.stringMatching(/cannot be read: .*EISDIR/),
    });
  });

  test("survives bytes that are no UTF-8", async () => {
    const bytes = Buffer.concat([Buffer.from(text(begin)), Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x0a])]);
    expect((await readStreamedReport(write(bytes), "/project")).completeness).toBe("truncated");
  });
});
