import { describe, expect, test } from "vitest";
import { mochaAdapter } from "../../src/adapters/mocha.ts";
import { argv, lineOf, prepare, prepareWhole, select } from "./prepare.ts";

describe("the report", () => {
  test.each([
    ["mocha", "mocha --reporter=<mocha.cjs>", undefined],
    ["npx mocha --recursive test", "npx mocha --recursive test --reporter=<mocha.cjs>", undefined],
    ["mocha --reporter dot test", "mocha test --reporter=<mocha.cjs>", "dot"],
    ["mocha -R xunit -O output=a.xml", "mocha -O output=a.xml --reporter=<mocha.cjs>", "xunit"],
    ["mocha --reporter=one --reporter=two", "mocha --reporter=<mocha.cjs>", "two"],
    ["mocha -- test", "mocha --reporter=<mocha.cjs> -- test", undefined],
  ])("of `%s` is asked for, and the user's own reporter handed on", (written, run, reporter) => {
    const { command, env } = prepareWhole(mochaAdapter, written);
    expect(lineOf(command)).toBe(run);
    expect(env).toEqual({
      APEX_REPORT_FILE: "REPORT",
      ...(reporter === undefined ? {} : { APEX_MOCHA_REPORTER: reporter }),
    });
  });
});

describe("selected tests", () => {
  test.each([
    ["mocha", "mocha /project/a.mjs --grep=^suite title$ --reporter=<mocha.cjs>"],
    ["mocha test other", "mocha /project/a.mjs --grep=^suite title$ --reporter=<mocha.cjs>"],
    [
      "mocha --require x -g other -i --spec test -f y --timeout 5 test",
      "mocha --require x --timeout 5 /project/a.mjs --grep=^suite title$ --reporter=<mocha.cjs>",
    ],
    ["mocha -- test", "mocha /project/a.mjs --grep=^suite title$ --reporter=<mocha.cjs>"],
  ])("replace what `%s` would run", (written, run) => {
    expect(prepare(mochaAdapter, written, { selectors: [select("a.mjs", "suite", "title")] })).toBe(run);
  });

  test("may be several, whole files, or of any file", () => {
    const several = [select("a.mjs", "one"), select("b.mjs", "two")];
    expect(prepare(mochaAdapter, "mocha", { selectors: several })).toBe(
      "mocha /project/a.mjs /project/b.mjs --grep=^(?:one|two)$ --reporter=<mocha.cjs>",
    );
    expect(prepare(mochaAdapter, "mocha", { selectors: [select("a.mjs")] })).toBe(
      "mocha /project/a.mjs --reporter=<mocha.cjs>",
    );
    expect(prepare(mochaAdapter, "mocha test", { selectors: [select("", "one")] })).toBe(
      "mocha test --grep=^one$ --reporter=<mocha.cjs>",
    );
  });
});

describe("what mocha cannot do", () => {
  test.each([
    [{ shard: { index: 1, total: 2 } }, "mocha cannot run one shard of its tests"],
    [{ coverage: true }, "mocha cannot measure coverage by itself"],
  ])("is refused: %o", (options, message) => {
    expect(() => prepare(mochaAdapter, "mocha", options)).toThrow(
      expect.objectContaining({ code: "APEX_FRAMEWORK_CANNOT", message, hint: expect.any(String) }),
    );
  });

  test("is nothing where nothing is asked", () => {
    expect(prepare(mochaAdapter, "mocha", { coverage: false, allowNoTests: true })).toBe(
      "mocha --reporter=<mocha.cjs>",
    );
  });

  test("is to be reached through a script", () => {
    expect(() => prepare(mochaAdapter, "npm test")).toThrow(
      expect.objectContaining({ code: "APEX_FRAMEWORK_UNREACHABLE" }),
    );
  });
});

test("a list is a run that runs nothing and leaves the user's reporter alone", () => {
  const command = argv("mocha --parallel -j 2 -R xunit test");
  const prepared = mochaAdapter.list?.prepare({ command, reportFile: "LIST", cwd: "/project" });
  expect(prepared && lineOf(prepared.command)).toBe("mocha test --reporter=<mocha.cjs> --dry-run");
  expect(prepared?.env).toEqual({ APEX_REPORT_FILE: "LIST", APEX_MOCHA_REPORTER: "dot" });
});
