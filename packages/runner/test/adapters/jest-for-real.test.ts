import { describe, expect, test } from "vitest";
import { jestAdapter } from "../../src/adapters/jest.ts";
import { describeConformance } from "./conformance.ts";
import { runFixture, statuses } from "./run-fixture.ts";

const file = (name: string): string => `cases/${name}.case.js`;
const run = (command: string, options = {}) => runFixture(jestAdapter, "jest", command, options);

describe("jest itself", () => {
  describeConformance({
    adapter: jestAdapter,
    project: "jest",
    command: "jest",
    file,
    mixed: { passed: 4, failed: 2, skipped: 2 },
    todo: "todo",
    collectionError: "errored file",
    emptyFile: "errored file",
    allowsEmptyFile: false,
    crash: { file: "exits", exitCode: 0 },
    retries: true,
    shards: true,
    lists: "files",
  });

  test("keeps tests apart that share their title", async () => {
    const { report } = await run(`jest ${file("mixed")}`);
    expect(statuses(report.tests).filter((line) => line.includes("twin"))).toEqual([
      `failed ${file("mixed")} > has a twin`,
      `passed ${file("mixed")} > has a twin (2)`,
    ]);
    expect(report.tests.find(({ name }) => name === "has a twin")?.message).toBe("TypeError: red <b> ]]> & more");
  });

  test("fails tests by their beforeAll, and the file by an afterAll", async () => {
    const { report, verdict } = await run(`jest ${file("hooks")}`);
    expect(statuses(report.tests)).toEqual([
      `failed ${file("hooks")} > broken beforeAll > is failed by its hook`,
      `passed ${file("hooks")} > broken afterAll > passes before it`,
      `errored ${file("hooks")}`,
    ]);
    expect(report.tests.at(-1)?.message).toBe("afterAll broke");
    expect(verdict).toMatchObject({ status: "failed", reason: "2 of 3 tests failed" });
  });

  test("runs files in workers and keeps the reporters of the command line", async () => {
    const { report, log } = await run(
      `jest ${file("passing")} ${file("other")} --maxWorkers=2 --no-cache --reporters=summary`,
    );
    expect(report).toMatchObject({ completeness: "complete" });
    expect(report.tests).toHaveLength(4);
    expect(log).toContain("Tests:");
    expect(log).not.toContain("PASS");
  });

  test("errs the file of a worker that a test ended, and tells the others", async () => {
    const files = ["exits", "passing", "other"].map((name) => file(name)).join(" ");
    const { report, verdict } = await run(`jest ${files} --maxWorkers=2 --no-cache`);
    expect(report.completeness).toBe("complete");
    expect(statuses(report.tests)).toContain(`errored ${file("exits")}`);
    expect(report.tests).toHaveLength(6);
    expect(verdict).toMatchObject({ status: "failed", reason: "1 of 6 tests failed" });
  });

  test("prints as without us when no reporter is named", async () => {
    expect((await run(`jest ${file("passing")}`)).log).toContain(`PASS ${file("passing")}`);
  });

  test("finds no test where a pattern matches no file", async () => {
    expect((await run("jest nothing-like-this")).verdict).toMatchObject({ status: "failed" });
    expect((await run("jest nothing-like-this", { allowNoTests: true })).verdict).toEqual({ status: "passed" });
  });

  test("measures coverage when told to, whatever the command says", async () => {
    const summary = "--coverageReporters=text-summary";
    expect((await run(`jest ${file("passing")} ${summary}`, { coverage: true })).log).toContain("Coverage summary");
    expect((await run(`jest --coverage ${file("passing")} ${summary}`, { coverage: false })).log).not.toContain(
      "Coverage",
    );
  });
});
