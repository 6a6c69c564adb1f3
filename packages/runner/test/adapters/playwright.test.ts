import { describe, expect, test } from "vitest";
import { playwrightAdapter } from "../../src/adapters/playwright.ts";
import { argv, lineOf, prepare, prepareWhole, select } from "./prepare.ts";

describe("the report", () => {
  test.each([
    "playwright test",
    "npx playwright test --reporter=html a.spec.ts",
    "pnpm exec playwright test --project one two",
  ])("of `%s` is asked for by variables alone", (written) => {
    const { command, env } = prepareWhole(playwrightAdapter, written);
    expect(lineOf(command)).toBe(written);
    expect(env).toEqual({
      APEX_REPORT_FILE: "REPORT",
      PW_TEST_REPORTER: expect.stringMatching(/reporters\/playwright\.cjs$/),
    });
  });
});

/** The pattern that Playwright is given for one selected test. */
function pattern(...path: [string, ...string[]]): RegExp {
  const line = prepare(playwrightAdapter, "playwright test", { selectors: [select("e2e/a.spec.ts", ...path)] });
  return new RegExp(/--grep=(.*)$/.exec(line)?.[1] ?? "", "gi");
}

describe("selected tests", () => {
  test.each([
    ["playwright test", "playwright test /project/a\\.spec\\.ts$ --grep="],
    ["playwright test other --grep x --last-failed", "playwright test /project/a\\.spec\\.ts$ --grep="],
    [
      "playwright test --project one two --headed -G x other",
      "playwright test /project/a\\.spec\\.ts$ --project one two --headed --grep=",
    ],
  ])("replace what `%s` would run", (written, run) => {
    expect(prepare(playwrightAdapter, written, { selectors: [select("a.spec.ts", "title")] })).toContain(run);
  });

  test.each([
    [["title"], " a.spec.ts title", true],
    [["title"], " e2e/a.spec.ts title", true],
    [["title"], "big screen e2e/a.spec.ts title", true],
    [["title"], " e2e/a.spec.ts title @slow @money", true],
    [["title"], " e2e/a.spec.ts title two", false],
    [["title"], " e2e/a.spec.ts suite title", false],
    [["title"], " e2e/aa.spec.ts title", false],
    [["suite", "title"], " e2e/a.spec.ts suite title", true],
    [["suite", "title"], " e2e/a.spec.ts suite @shop title @slow", true],
    [["suite", "title"], " e2e/a.spec.ts other suite title", false],
    // The first may be a project.
    [["suite", "title"], "suite e2e/a.spec.ts title", true],
    [["big screen", "suite", "title"], "big screen a.spec.ts suite title", true],
    [["big screen", "suite", "title"], "small a.spec.ts suite title", false],
    [["costs $5 (a+b)"], " a.spec.ts costs $5 (a+b)", true],
  ] as [[string, ...string[]], string, boolean][])("%j are in `%s`: %s", (path, title, isSelected) => {
    expect(pattern(...path).test(title)).toBe(isSelected);
  });

  test("may be whole files, or of any file", () => {
    expect(
      prepare(playwrightAdapter, "playwright test", { selectors: [select("a.spec.ts"), select("b.ts", "x")] }),
    ).toBe("playwright test /project/a\\.spec\\.ts$ /project/b\\.ts$");
    expect(prepare(playwrightAdapter, "playwright test a", { selectors: [select("", "x")] })).toMatch(
      /^playwright test a --grep=/,
    );
  });
});

describe("what else apex asks for", () => {
  test.each([
    ["playwright test --shard=1/2", { shard: { index: 2, total: 3 } }, "playwright test --shard=2/3"],
    ["playwright test", { allowNoTests: true }, "playwright test --pass-with-no-tests"],
    ["playwright test", { coverage: false }, "playwright test"],
  ])("of `%s` with %o comes to it", (written, options, run) => {
    expect(prepare(playwrightAdapter, written, options)).toBe(run);
  });

  test("is refused where Playwright cannot: coverage, and other programs of its", () => {
    expect(() => prepare(playwrightAdapter, "playwright test", { coverage: true })).toThrow(
      expect.objectContaining({ code: "APEX_FRAMEWORK_CANNOT" }),
    );
    expect(() => prepare(playwrightAdapter, "playwright install")).toThrow(
      expect.objectContaining({ code: "APEX_FRAMEWORK_UNREACHABLE" }),
    );
  });

  test("a list comes to it", () => {
    const command = argv("playwright test --reporter=html e2e");
    const prepared = playwrightAdapter.list?.prepare({ command, reportFile: "LIST", cwd: "/project" });
    expect(prepared && lineOf(prepared.command)).toBe("playwright test e2e --list --reporter=line");
    expect(prepared?.env).toMatchObject({ APEX_REPORT_FILE: "LIST", APEX_LIST_TESTS: "1" });
  });
});
