import { describe, expect, test } from "vitest";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { jestAdapter } from "../../src/adapters/jest.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { argv, lineOf, prepare, prepareWhole, select } from "./prepare.ts";

const own = "--reporters=default --reporters=<jest.cjs>";

describe("the report", () => {
  test.each([
    ["jest", `jest ${own}`],
    ["npx jest --ci src", `npx jest --ci src ${own}`],
    ["npm exec jest", `npm exec -- jest ${own}`],
    // The user's own reporters stay in force.
    ["jest --reporters=jest-junit src", "jest --reporters=jest-junit src --reporters=<jest.cjs>"],
    ["jest --reporters a b --ci", "jest --reporters a b --ci --reporters=<jest.cjs>"],
    ["jest -- src", `jest ${own} -- src`],
  ])("of `%s` is asked for", (written, run) => {
    expect(prepare(jestAdapter, written)).toBe(run);
  });

  test("is told where it goes by a variable", () => {
    expect(prepareWhole(jestAdapter, "jest").env).toEqual({ APEX_REPORT_FILE: "REPORT" });
  });
});

describe("selected tests", () => {
  const alone = "--runTestsByPath";

  test.each([
    ["jest", `jest /project/a.test.js ${alone} --testNamePattern=^suite title$ ${own}`],
    ["jest src other", `jest /project/a.test.js ${alone} --testNamePattern=^suite title$ ${own}`],
    ["jest --ci -t other src", `jest /project/a.test.js ${alone} --ci --testNamePattern=^suite title$ ${own}`],
    [
      "jest --selectProjects one two --onlyChanged --shard 1/2 --test-path-patterns=x",
      `jest /project/a.test.js ${alone} --selectProjects one two --testNamePattern=^suite title$ ${own}`,
    ],
    ["jest -- src", `jest /project/a.test.js ${alone} --testNamePattern=^suite title$ ${own}`],
  ])("replace what `%s` would run", (written, run) => {
    expect(prepare(jestAdapter, written, { selectors: [select("a.test.js", "suite", "title")] })).toBe(run);
  });

  test("may be several, whole files, or of any file", () => {
    const several = [select("a.js", "one"), select("b.js", "two")];
    expect(prepare(jestAdapter, "jest", { selectors: several })).toBe(
      `jest /project/a.js /project/b.js ${alone} --testNamePattern=^(?:one|two)$ ${own}`,
    );
    expect(prepare(jestAdapter, "jest", { selectors: [select("a.js", "one"), select("b.js")] })).toBe(
      `jest /project/a.js /project/b.js ${alone} ${own}`,
    );
    expect(prepare(jestAdapter, "jest src", { selectors: [select("", "one")] })).toBe(
      `jest src --testNamePattern=^one$ ${own}`,
    );
  });
});

describe("what else apex asks for", () => {
  test.each([
    ["jest --shard=1/2", { shard: { index: 2, total: 3 } }, `jest --shard=2/3 ${own}`],
    ["jest", { coverage: true }, `jest --coverage=true ${own}`],
    [
      "jest --coverage --coverageReporters text",
      { coverage: false },
      `jest --coverageReporters text --coverage=false ${own}`,
    ],
    ["jest --collect-coverage src", { coverage: false }, `jest src --coverage=false ${own}`],
    ["jest", { allowNoTests: true }, `jest --passWithNoTests ${own}`],
  ])("of `%s` with %o comes to it", (written, options, run) => {
    expect(prepare(jestAdapter, written, options)).toBe(run);
  });

  test("a list comes to it", () => {
    const shard = { index: 1, total: 2 };
    const prepared = jestAdapter.list?.prepare({
      command: argv("jest src"),
      reportFile: "LIST",
      cwd: "/project",
      shard,
    });
    expect(prepared && lineOf(prepared.command)).toBe("jest src --shard=1/2 --listTests --json");
  });

  test("a list is found among what launchers write", async () => {
    const logFile = path.join(temporaryDirectory(), "log");
    writeFileSync(logFile, '> jest\n[note] hi\n["/project/src/a.test.js","/project/b.test.js"]\n');
    expect(await jestAdapter.list?.read({ reportFile: "", logFile, cwd: "/project" })).toEqual({
      of: "files",
      ids: ["src/a.test.js", "b.test.js"],
    });
    writeFileSync(logFile, "jest: not found\n");
    await expect(jestAdapter.list?.read({ reportFile: "", logFile, cwd: "/project" })).rejects.toMatchObject({
      code: "APEX_LIST_FAILED",
    });
  });
});
