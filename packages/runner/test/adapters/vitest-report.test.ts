import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readVitestReport } from "../../src/adapters/vitest-report.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

async function read(text: string) {
  const file = path.join(temporaryDirectory(), "report.json");
  writeFileSync(file, text);
  return readVitestReport(file, "/project");
}

const whole = {
  testResults: [
    {
      name: "/project/src/a.test.ts",
      status: "passed",
      message: "",
      assertionResults: [{ ancestorTitles: ["s"], title: "t", status: "passed", duration: 1.5, failureMessages: [] }],
    },
  ],
};
const readWhole = [
  { id: "src/a.test.ts > s > t", name: "t", suites: ["s"], file: "src/a.test.ts", durationMs: 1.5, status: "passed" },
];

test("a whole report is complete", async () => {
  expect(await read(JSON.stringify(whole))).toEqual({ completeness: "complete", tests: readWhole });
});

test("the coverage at the end of a report is not even parsed", async () => {
  const json = JSON.stringify({ ...whole, coverageMap: { "/project/src/a.ts": { s: { 0: 1 } } } });
  expect(await read(json.replace('"0":1', "not JSON at all"))).toEqual({ completeness: "complete", tests: readWhole });
});

test("a report that breaks off is truncated", async () => {
  expect(await read(JSON.stringify(whole).slice(0, -20))).toMatchObject({
    completeness: "truncated",
    tests: [],
    problem: expect.stringContaining("not whole"),
  });
});

test("an empty report is truncated", async () => {
  expect(await read("")).toEqual({ completeness: "truncated", tests: [], problem: "vitest's report is empty" });
});

test("JSON of another shape is no report", async () => {
  expect(await read('{"numTotalTests":3}')).toMatchObject({
    completeness: "truncated",
    problem: expect.stringContaining("testResults"),
  });
});

test("a report that was never written is missing", async () => {
  expect(await readVitestReport("/no/such/report.json", "/project")).toMatchObject({
    completeness: "missing",
    problem: expect.stringContaining("outputFile of its own"),
  });
});
