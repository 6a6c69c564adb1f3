import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { playwrightAdapter } from "../../src/adapters/playwright.ts";
import { describeConformance } from "./conformance.ts";
import { select } from "./prepare.ts";
import { listFixture, runFixture, statuses } from "./run-fixture.ts";

const file = (name: string): string => `cases/${name}.case.mjs`;
const run = (command: string, options = {}) => runFixture(playwrightAdapter, "playwright", command, options);
const chromium = process.env["APEX_TEST_CHROMIUM"] ?? "/usr/bin/chromium";

describe("playwright itself", { timeout: 60_000 }, () => {
  describeConformance({
    adapter: playwrightAdapter,
    project: "playwright",
    command: "playwright test",
    file,
    mixed: { passed: 4, failed: 2, skipped: 1 },
    collectionError: "error line",
    emptyFile: "no test",
    allowsEmptyFile: true,
    crash: { file: "exits", signal: "SIGKILL" },
    retries: true,
    shards: true,
    lists: "tests",
  });

  test("fails the test that calls process.exit, and goes on in the next worker", async () => {
    const { report } = await run(`playwright test ${file("worker-exits")}`);
    expect(statuses(report.tests)).toEqual([
      `passed ${file("worker-exits")} > ends before`,
      `failed ${file("worker-exits")} > exits`,
      `passed ${file("worker-exits")} > runs in the next worker`,
    ]);
  });

  test("counts a test that fails on every try once, with its retries", async () => {
    const { report } = await run(`playwright test ${file("flaky")}`);
    const failing = report.tests.filter(({ name }) => name === "never passes");
    expect(failing).toMatchObject([{ status: "failed", retries: 2 }]);
    expect(failing[0]).not.toHaveProperty("flaky");
  });

  test("makes its projects the outermost suites", async () => {
    const env = { TWO_PROJECTS: "1" };
    const { report } = await run(`playwright test ${file("other")}`, { env });
    expect(statuses(report.tests)).toEqual([
      `passed ${file("other")} > small > is in another file`,
      `passed ${file("other")} > small > passes`,
      `passed ${file("other")} > big screen > is in another file`,
      `passed ${file("other")} > big screen > passes`,
    ]);
    const both = await run("playwright test", {
      env,
      selectors: [select(file("mixed"), "cart", "with items", "adds up")],
    });
    expect(both.report.tests.map(({ suites }) => suites[0])).toEqual(["small", "big screen"]);
    const selectors = [select(file("mixed"), "big screen", "cart", "with items", "adds up")];
    const one = await run("playwright test", { env, selectors });
    expect(statuses(one.report.tests)).toEqual([`passed ${file("mixed")} > big screen > cart > with items > adds up`]);
    const list = await listFixture(playwrightAdapter, "playwright", `playwright test ${file("other")}`, { env });
    expect(list.ids).toHaveLength(4);
  });

  test("refuses to list what cannot be loaded", async () => {
    const list = listFixture(playwrightAdapter, "playwright", `playwright test ${file("collection-error")}`);
    await expect(list).rejects.toMatchObject({ code: "APEX_LIST_FAILED" });
  });

  test.each([
    ["the config's", "playwright test", { OWN_REPORTER: "1" }, "own reporter: passes"],
    ["those of the command line", "playwright test --reporter=dot,./own-reporter.cjs", {}, "own reporter: passes"],
  ])("keeps the user's reporters in force: %s", async (_, command, env, shows) => {
    const { report, log } = await run(`${command} ${file("passing")}`, { env });
    expect(log).toContain(shows);
    expect(report).toMatchObject({ completeness: "complete" });
  });

  test("says which tests a limit of failures left out", async () => {
    const { report } = await run(`playwright test -x ${file("mixed")}`);
    expect(report.completeness).toBe("complete");
    expect(report.tests.filter(({ message }) => message === "it did not run").length).toBeGreaterThan(2);
  });

  const missing = existsSync(chromium) ? "" : `: skipped, there is no ${chromium} (APEX_TEST_CHROMIUM names another)`;
  test.skipIf(missing !== "")(`drives a browser${missing}`, async () => {
    const { report, verdict } = await run(`playwright test ${file("browser")}`);
    expect(statuses(report.tests)).toEqual([
      `passed ${file("browser")} > reads a page`,
      `failed ${file("browser")} > times out on a page`,
    ]);
    expect(report.tests[1]).toMatchObject({ message: expect.stringContaining("Test timeout of 4000ms exceeded") });
    expect(verdict).toMatchObject({ status: "failed", reason: "1 of 2 tests failed" });
  });
});
