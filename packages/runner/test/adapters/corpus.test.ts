import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { junitFileAdapter } from "../../src/adapters/junit-file.ts";
import { readNextestReport } from "../../src/adapters/nextest-report.ts";
import { readTap } from "../../src/adapters/tap-file.ts";
import type { TestReport } from "../../src/adapters/test-framework-adapter.ts";

/**
 * Reports of many writers, most of them as the tools wrote them (versions are in the names), the rest in their exact shape.
 * What each is to be read as stands beside it; `APEX_UPDATE_CORPUS=1` writes these files anew, to be looked at one by one.
 */
const corpus = path.join(import.meta.dirname, "..", "corpus");
/** Where the reports say that they were made. */
const cwd = "/project";

function read(file: string): Promise<TestReport> {
  if (file.endsWith(".tap")) return readTap(path.join(corpus, file), cwd);
  switch (path.dirname(file)) {
    case "nextest":
      return readNextestReport(path.join(corpus, file));
    default:
      return (
        junitFileAdapter.read?.({ reportFile: "", report: path.join(corpus, file), cwd }) ?? Promise.reject(new Error())
      );
  }
}

/** Details are long, and are the whole text of the report; that they are there is enough. */
function shown({ tests, ...report }: TestReport) {
  return {
    ...report,
    tests: tests.map(({ details, ...result }) => ({
      ...result,
      ...(details === undefined ? {} : { hasDetails: true }),
    })),
  };
}

const reports = globSync("**/*.{xml,tap}", { cwd: corpus }).toSorted();

test.each(reports)("%s is read as it is meant", async (file) => {
  const actual = shown(await read(file));
  const expectedFile = path.join(corpus, `${file}.expected.json`);
  if (process.env["APEX_UPDATE_CORPUS"] === "1")
    writeFileSync(expectedFile, `${JSON.stringify(actual, undefined, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(expectedFile, "utf8")));
});

test("nothing is expected of reports that are gone", () => {
  const expectations = globSync("**/*.expected.json", { cwd: corpus });
  expect(expectations.filter((file) => !existsSync(path.join(corpus, file.replace(".expected.json", ""))))).toEqual([]);
  expect(reports.length).toBeGreaterThan(30);
});
