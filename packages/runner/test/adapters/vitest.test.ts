import { describe, expect, test } from "vitest";
import { vitestAdapter } from "../../src/adapters/vitest.ts";
import { argv, lineOf, prepare, prepareWhole, select } from "./prepare.ts";

describe("the report", () => {
  test.each([
    ["vitest run", "vitest run --reporter=default --reporter=<vitest.mjs>"],
    ["npx vitest run src", "npx vitest run src --reporter=default --reporter=<vitest.mjs>"],
    // npm would take the options for its own.
    ["npm exec vitest run", "npm exec -- vitest run --reporter=default --reporter=<vitest.mjs>"],
    ["npm exec -- vitest run", "npm exec -- vitest run --reporter=default --reporter=<vitest.mjs>"],
    // The user's own reporters stay in force.
    ["vitest run --reporter=dot", "vitest run --reporter=dot --reporter=<vitest.mjs>"],
    [
      "vitest run --reporter verbose --reporter html",
      "vitest run --reporter verbose --reporter html --reporter=<vitest.mjs>",
    ],
    [
      "vitest run --reporter=json --outputFile=mine.json",
      "vitest run --reporter=json --outputFile=mine.json --reporter=<vitest.mjs>",
    ],
    ["vitest run -- rest", "vitest run --reporter=default --reporter=<vitest.mjs> -- rest"],
  ])("of `%s` is asked for", (written, run) => {
    expect(prepare(vitestAdapter, written)).toBe(run);
  });

  test("is told where it goes by a variable", () => {
    expect(prepareWhole(vitestAdapter, "vitest run").env).toEqual({ APEX_REPORT_FILE: "REPORT" });
  });

  test("may hold no test where that is allowed", () => {
    expect(prepare(vitestAdapter, "vitest run", { allowNoTests: true })).toMatch(/ --passWithNoTests$/);
  });
});

describe("selected tests", () => {
  const tail = "--reporter=default --reporter=<vitest.mjs>";

  test.each([
    ["vitest run", `vitest run /project/a.test.ts -t ^suite(?: >)? title$ ${tail}`],
    ["vitest", `vitest run /project/a.test.ts -t ^suite(?: >)? title$ ${tail}`],
    ["vitest run src other.test.ts", `vitest run /project/a.test.ts -t ^suite(?: >)? title$ ${tail}`],
    ["vitest related src/a.ts", `vitest run /project/a.test.ts -t ^suite(?: >)? title$ ${tail}`],
    ["vitest --project unit run src", `vitest run --project unit /project/a.test.ts -t ^suite(?: >)? title$ ${tail}`],
    [
      "vitest run --coverage.provider v8 --coverage src",
      `vitest run --coverage.provider v8 --coverage /project/a.test.ts -t ^suite(?: >)? title$ ${tail}`,
    ],
    // What chooses tests in another way would take the selected one out again.
    ["vitest run -t other --shard=1/2 --changed", `vitest run /project/a.test.ts -t ^suite(?: >)? title$ ${tail}`],
    [
      "vitest run --test-name-pattern=other --testNamePattern x",
      `vitest run /project/a.test.ts -t ^suite(?: >)? title$ ${tail}`,
    ],
  ])("replace what `%s` would run", (written, run) => {
    expect(prepare(vitestAdapter, written, { selectors: [select("a.test.ts", "suite", "title")] })).toBe(run);
  });

  test("may be several, in several files", () => {
    const selectors = [select("a.ts", "one"), select("a.ts", "two"), select("b.ts", "one")];
    expect(prepare(vitestAdapter, "vitest run", { selectors })).toBe(
      `vitest run /project/a.ts /project/b.ts -t ^(?:one|two)$ ${tail}`,
    );
  });

  test("are escaped, so that a title is no pattern", () => {
    const selectors = [select("a.ts", "costs $5 (a+b) [x] | y?")];
    expect(prepare(vitestAdapter, "vitest run", { selectors })).toContain(
      String.raw`-t ^costs \$5 \(a\+b\) \[x\] \| y\?$`,
    );
  });

  test("without a file leave the command's own filters", () => {
    const selectors = [select("", "title")];
    expect(prepare(vitestAdapter, "vitest run src", { selectors })).toBe(`vitest run src -t ^title$ ${tail}`);
  });

  test("that are a whole file leave no pattern", () => {
    const selectors = [select("a.ts", "one"), select("b.ts")];
    expect(prepare(vitestAdapter, "vitest run", { selectors })).toBe(`vitest run /project/a.ts /project/b.ts ${tail}`);
  });

  test("that are more than a command line holds run their files whole", () => {
    const selectors = Array.from({ length: 10_000 }, (_, index) =>
      select("a.ts", `a rather long title number ${index}`),
    );
    expect(prepare(vitestAdapter, "vitest run", { selectors })).toBe(`vitest run /project/a.ts ${tail}`);
  });
});

describe("a command that vitest cannot be reached through", () => {
  test.each([
    [{ kind: "shell", script: "vitest run | tee log" } as const, "a shell script"],
    [argv("npm test"), "a package script (npm test)"],
    [argv("pnpm run test:unit"), "a package script (pnpm run test:unit)"],
    [argv("make test"), "is no call of vitest"],
  ])("is refused with the reason and a way out", (command, reason) => {
    expect(() => prepare(vitestAdapter, command)).toThrow(
      expect.objectContaining({
        code: "APEX_FRAMEWORK_UNREACHABLE",
        message: expect.stringContaining(reason),
        hint: expect.stringContaining('"framework: command"'),
      }),
    );
  });
});

describe("what else apex asks for", () => {
  const shard = { index: 2, total: 3 };

  test.each([
    ["vitest run", { shard }, "vitest run REPORTERS --shard=2/3"],
    ["vitest run --shard 1/2", { shard }, "vitest run REPORTERS --shard=2/3"],
    ["vitest run", { coverage: true }, "vitest run REPORTERS --coverage.enabled=true"],
    [
      "vitest run --coverage.provider=v8",
      { coverage: true },
      "vitest run --coverage.provider=v8 REPORTERS --coverage.enabled=true",
    ],
    ["vitest run --coverage", { coverage: false }, "vitest run REPORTERS --coverage.enabled=false"],
    ["vitest run --no-coverage", { coverage: true }, "vitest run REPORTERS --coverage.enabled=true"],
    ["vitest run --coverage --shard=1/2", {}, "vitest run --coverage --shard=1/2 REPORTERS"],
  ])("of `%s` with %o comes to it", (written, options, run) => {
    const whole = run.replace("REPORTERS", "--reporter=default --reporter=<vitest.mjs>");
    expect(prepare(vitestAdapter, written, options)).toBe(whole);
  });

  test.each([
    ["vitest run src --reporter=dot", "vitest list src --json=LIST"],
    ["npx vitest --project unit", "npx vitest list --project unit --json=LIST"],
    ["vitest run --coverage -- a.ts", "vitest list --json=LIST -- a.ts"],
  ])("a list of `%s` comes to it", (written, run) => {
    const prepared = vitestAdapter.list?.prepare({ command: argv(written), reportFile: "LIST", cwd: "/project" });
    expect(prepared && lineOf(prepared.command)).toBe(run);
  });
});
