import { describe, expect, test } from "vitest";
import { cypressAdapter } from "../../src/adapters/cypress.ts";
import { lineOf, prepare, prepareWhole, select } from "./prepare.ts";

describe("the report", () => {
  test.each([
    ["cypress run", "cypress run --reporter <mocha.cjs>", {}],
    [
      "npx cypress run --browser chrome --headless",
      "npx cypress run --browser chrome --headless --reporter <mocha.cjs>",
      {},
    ],
    ["cypress run -r dot", "cypress run --reporter <mocha.cjs>", { APEX_MOCHA_REPORTER: "dot" }],
    [
      "cypress run --reporter mocha-junit-reporter --reporter-options mochaFile=a.xml",
      "cypress run --reporter-options mochaFile=a.xml --reporter <mocha.cjs>",
      { APEX_MOCHA_REPORTER: "mocha-junit-reporter" },
    ],
    [
      "cypress run --project apps/web",
      "cypress run --project apps/web --reporter <mocha.cjs>",
      { APEX_CYPRESS_PROJECT: "/project/apps/web" },
    ],
  ])("of `%s` is asked for, and the user's own reporter handed on", (written, run, more) => {
    const { command, env } = prepareWhole(cypressAdapter, written);
    expect(lineOf(command)).toBe(run);
    expect(env).toEqual({ APEX_REPORT_FILE: "REPORT", APEX_CYPRESS_PROJECT: "/project", ...more });
  });

  test("is refused beside a reporter that only Cypress itself can load", () => {
    expect(() => prepare(cypressAdapter, "cypress run --reporter junit")).toThrow(
      expect.objectContaining({
        code: "APEX_FRAMEWORK_CANNOT",
        hint: expect.stringContaining("mocha-junit-reporter"),
      }),
    );
  });
});

describe("selected tests", () => {
  test("are whole spec files", () => {
    const selectors = [select("cypress/e2e/a.cy.ts"), select("cypress/e2e/b.cy.ts")];
    expect(prepare(cypressAdapter, "cypress run --spec other --headed", { selectors })).toBe(
      "cypress run --headed --spec cypress/e2e/a.cy.ts,cypress/e2e/b.cy.ts --reporter <mocha.cjs>",
    );
  });

  test.each([[select("a.cy.ts", "title")], [select("", "title")]])("are nothing less: %o", (selector) => {
    expect(() => prepare(cypressAdapter, "cypress run", { selectors: [selector] })).toThrow(
      expect.objectContaining({
        code: "APEX_FRAMEWORK_CANNOT",
        message: "cypress cannot run single tests of a spec file",
      }),
    );
  });
});

describe("what Cypress cannot do", () => {
  test.each([[{ shard: { index: 1, total: 2 } }], [{ coverage: true }]])("is refused: %o", (options) => {
    expect(() => prepare(cypressAdapter, "cypress run", options)).toThrow(
      expect.objectContaining({ code: "APEX_FRAMEWORK_CANNOT", hint: expect.any(String) }),
    );
  });

  test("includes everything but a run", () => {
    expect(() => prepare(cypressAdapter, "cypress open")).toThrow(
      expect.objectContaining({ code: "APEX_FRAMEWORK_UNREACHABLE" }),
    );
    expect(cypressAdapter.list).toBeUndefined();
  });
});
