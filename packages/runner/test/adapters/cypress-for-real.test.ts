import { describe, expect, test } from "vitest";
import { cypressAdapter } from "../../src/adapters/cypress.ts";
import { select } from "./prepare.ts";
import { runFixture, statuses } from "./run-fixture.ts";

const run = (command = "node cypress.cjs run", options = {}) => runFixture(cypressAdapter, "cypress", command, options);

describe("a reporter that is driven as Cypress does it", () => {
  test("tells the tests of every spec file", async () => {
    const { exit, report, counts, verdict } = await run();
    expect(report.completeness).toBe("complete");
    expect(statuses(report.tests)).toEqual([
      "passed e2e/cart.cy.js > cart > adds up",
      "failed e2e/cart.cy.js > cart > fails",
      "skipped e2e/cart.cy.js > cart > is skipped",
      "passed e2e/cart.cy.js > cart > passes on its second try",
      'errored e2e/login.cy.js > "before each" hook for "logs in"',
      "skipped e2e/login.cy.js > logs out",
    ]);
    expect(report.tests[1]).toMatchObject({ message: "expected 2 to equal 3", durationMs: 4 });
    expect(report.tests[3]).toMatchObject({ flaky: true, retries: 1 });
    expect(counts).toEqual({ total: 6, passed: 2, failed: 2, skipped: 2, flaky: 1 });
    expect([exit.exitCode, verdict]).toEqual([2, { status: "failed", reason: "2 of 6 tests failed" }]);
  });

  test("prints as without us, or with the reporter that is named", async () => {
    expect((await run()).log).toMatch(/[✓✔] adds up/);
    expect((await run("node cypress.cjs run --reporter tap")).log).toMatch(/^not ok \d cart fails/m);
  });

  test("tells what a crash in a later spec left", async () => {
    const { exit, report, verdict } = await run(undefined, { env: { CYPRESS_CRASHES: "1" } });
    expect(exit.signal).toBe("SIGKILL");
    expect(report).toMatchObject({ completeness: "truncated" });
    expect(report.tests).toHaveLength(4);
    expect(verdict).toMatchObject({ status: "failed", failureClass: "crash" });
  });

  test("runs the selected spec files", async () => {
    const { tests } = await run(undefined, { selectors: [select("e2e/login.cy.js")] });
    expect(tests.map(({ file }) => file)).toEqual(["e2e/login.cy.js", "e2e/login.cy.js"]);
  });
});
