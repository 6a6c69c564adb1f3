import { execFileSync } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { goTestAdapter } from "../../src/adapters/go-test.ts";
import { select } from "./prepare.ts";
import { expected, listProject, runProject, runSituation, type Situations } from "./run-project.ts";

const project = path.join(import.meta.dirname, "..", "fixtures", "go-test");
// Nothing is looked up in the network.
const env = { GOFLAGS: "-mod=mod", GOPROXY: "off" };
/** Building a test binary takes seconds where the cache is empty. */
const timeout = 120_000;

const hasGo = (() => {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

const run = (args: string, options: Parameters<typeof runProject>[3] = {}) =>
  runProject(goTestAdapter, project, `go test ${args}`, { env, ...options });

const situations: Situations = {
  pass: {
    command: "go test ./passing ./none",
    tests: ["passed passing/passing_test.go > TestOne", "passed passing/passing_test.go > TestTwo"],
    completeness: "complete",
    exitCode: 0,
    verdict: "passed",
  },
  failure: {
    command: "go test -bench . -benchtime 1x ./mixed",
    tests: [
      "passed mixed/mixed_test.go > TestPasses",
      "failed mixed/mixed_test.go > TestFails",
      "skipped mixed/mixed_test.go > TestIsSkipped",
      "failed mixed/mixed_test.go > TestGroup",
      "passed mixed/mixed_test.go > TestGroup > one_two",
      "failed mixed/mixed_test.go > TestGroup > a > b",
      "passed mixed/mixed_test.go > TestGroup > a.b",
      "passed mixed/mixed_test.go > TestGroup > costs_$5_(a+b)_[x]",
      "passed mixed/mixed_test.go > TestGroups",
      "passed mixed/mixed_test.go > TestGroups > one_two",
      "passed mixed/mixed_test.go > Example",
      "failed mixed/mixed_test.go > Example_wrong",
      "passed mixed/mixed_test.go > FuzzNumbers",
      "passed mixed/mixed_test.go > FuzzNumbers > seed#0",
      "passed mixed/other_test.go > TestInOtherFile",
    ],
    completeness: "complete",
    exitCode: 1,
    verdict: "failed: 4 of 15 tests failed",
  },
  "zero tests": {
    command: "go test ./empty ./none",
    tests: [],
    completeness: "complete",
    exitCode: 0,
    verdict: "failed: zero tests ran",
  },
  "collection error": {
    command: "go test ./broken ./syntax",
    tests: ["errored broken", "errored syntax"],
    completeness: "complete",
    exitCode: 2,
    verdict: "failed: 2 of 2 tests failed",
  },
  hang: {
    command: "go test ./hangs",
    options: { endAt: '"TestBefore"' },
    tests: ["passed hangs/hangs_test.go > TestBefore"],
    completeness: "truncated",
    verdict: /^failed: report truncated: the command ended before all its tests had, ended by signal SIGTERM/,
  },
  crash: {
    command: "go test ./panics",
    tests: [
      "passed panics/panics_test.go > TestBefore",
      "errored panics/panics_test.go > TestWaits",
      "failed panics/panics_test.go > TestPanics",
      "failed panics/panics_test.go > TestPanics > deep",
    ],
    completeness: "complete",
    exitCode: 1,
    verdict: "failed: 3 of 4 tests failed",
  },
};

describe.skipIf(!hasGo)("go test itself", { timeout }, () => {
  test.each(Object.entries(situations))("tells the truth in this situation: %s", async (_, situation) => {
    const withEnv = { ...situation, options: { env, ...situation.options } };
    expect(await runSituation(goTestAdapter, project, withEnv)).toEqual(
      expected(situation, (text) => expect.stringMatching(text)),
    );
  });

  test("gives lines, messages and details, and shows what the tests print", async () => {
    const { tests, log } = await run("./mixed");
    const named = (name: string) => tests.find((result) => result.name === name);
    expect(named("TestFails")).toEqual({
      id: "mixed/mixed_test.go > TestFails",
      name: "TestFails",
      suites: [],
      file: "mixed/mixed_test.go",
      line: 12,
      durationMs: expect.any(Number),
      status: "failed",
      message: "1 != 2\nsecond line",
      details: "mixed_test.go:11: a note before\nmixed_test.go:12: 1 != 2\n    second line",
    });
    expect(named("TestPasses")).toMatchObject({ line: 8 });
    expect(named("TestIsSkipped")).toMatchObject({ message: "no database" });
    expect(named("TestGroup")).toMatchObject({ message: "its subtest TestGroup/a/b failed" });
    expect(named("Example_wrong")).toMatchObject({ message: "got:\nhi\nwant:\nho" });
    expect(log).toMatch(/^=== RUN {3}TestPasses\nprinted\n--- PASS: TestPasses/m);
    expect(log).not.toContain('{"');
  });

  test("names what stopped a package", async () => {
    const { tests } = await run("./broken ./syntax ./panics ./fatal");
    const message = (id: string) => tests.find((result) => result.id === id)?.message;
    expect(message("broken")).toBe("broken/broken_test.go:5:37: undefined: undefinedName");
    expect(message("syntax")).toBe("syntax/syntax_test.go:5:38: expected '}', found 'EOF'");
    expect(message("panics/panics_test.go > TestPanics > deep")).toBe("panic: boom [recovered]");
    expect(message("fatal/fatal_test.go > TestLogsAndLeaves")).toMatch(/^did not end: .*\n.* no server/);
  });

  test("errs a package that failed outside its tests", async () => {
    const { tests, verdict } = await run("./mainfails");
    expect(tests.find(({ status }) => status === "errored")).toMatchObject({
      id: "mainfails",
      message: expect.stringMatching(/^the package failed outside its tests: /),
      details: expect.stringMatching(/^cannot clean up/),
    });
    expect(verdict).toBe("failed: 1 of 2 tests failed");
  });

  test("does not pass when a test ended its process well", async () => {
    const { lines, verdict } = await run("./exits");
    expect(lines).toEqual(["failed exits/exits_test.go > TestExitsWell", "passed exits/exits_test.go > TestBefore"]);
    expect(verdict).toBe("failed: 1 of 2 tests failed");
  });

  test("says what go said when it ran nothing", async () => {
    const { errors, verdict } = await run("./nothing/like/this");
    expect(verdict).toMatch(/^failed: /);
    expect(JSON.stringify(errors)).toContain("nothing/like/this");
  });

  test("counts a test that ran twice and failed once as failed", async () => {
    const { lines } = await run("-count 2 -run ^TestFails$|^TestOne$ ./mixed ./passing");
    expect(lines).toEqual(["failed mixed/mixed_test.go > TestFails", "passed passing/passing_test.go > TestOne"]);
  });

  test("shows the events in the log of a command that asked for them", async () => {
    const { log, lines } = await run("-json ./passing");
    expect(log).toContain('"Action":"pass"');
    expect(lines).toHaveLength(2);
  });

  test("measures coverage, or does not", async () => {
    const on = await run("./passing", { coverage: true });
    expect(on.log).toMatch(/coverage: /);
    const off = await run("-cover -covermode=atomic ./passing", { coverage: false });
    expect(off.log).not.toMatch(/coverage: /);
    expect([on.verdict, off.verdict]).toEqual(["passed", "passed"]);
  });

  test("finds files in the directory of a package run by itself", async () => {
    const { lines } = await runProject(goTestAdapter, path.join(project, "passing"), "go test", { env });
    expect(lines).toEqual(["passed passing_test.go > TestOne", "passed passing_test.go > TestTwo"]);
    const broken = await runProject(goTestAdapter, path.join(project, "broken"), "go test", { env });
    expect(broken.lines).toEqual(["errored example.com/shop/broken"]);
  });

  test("lists tests without running them", async () => {
    expect(await listProject(goTestAdapter, project, "go test ./passing ./hangs")).toEqual([
      "hangs/hangs_test.go > TestAfter",
      "hangs/hangs_test.go > TestBefore",
      "hangs/hangs_test.go > TestHangs",
      "passing/passing_test.go > TestOne",
      "passing/passing_test.go > TestTwo",
    ]);
    await expect(listProject(goTestAdapter, project, "go test ./broken")).rejects.toMatchObject({
      code: "APEX_LIST_FAILED",
      message: expect.stringContaining("undefinedName"),
    });
  });
});

describe.skipIf(!hasGo)("selected tests of go test", { timeout }, () => {
  const ran = async (...selectors: ReturnType<typeof select>[]) => {
    const { lines } = await run("-run TestNothing ./...", { selectors });
    return lines.map((line) => line.replace("mixed/mixed_test.go", "MIXED"));
  };
  const mixed = "mixed/mixed_test.go";

  test("run alone", async () => {
    expect(await ran(select(mixed, "TestPasses"))).toEqual(["passed MIXED > TestPasses"]);
    expect(await ran(select("mixed/other_test.go"))).toEqual(["passed mixed/other_test.go > TestInOtherFile"]);
  });

  test("may be subtests, whatever their names hold", async () => {
    expect(await ran(select(mixed, "TestGroup", "costs_$5_(a+b)_[x]"))).toEqual([
      "passed MIXED > TestGroup",
      "passed MIXED > TestGroup > costs_$5_(a+b)_[x]",
    ]);
    expect(await ran(select(mixed, "TestGroup"), select(mixed, "TestGroup", "a", "b"))).toEqual([
      "failed MIXED > TestGroup",
      "failed MIXED > TestGroup > a > b",
    ]);
  });

  test("of different depths run at least what was selected", async () => {
    expect(await ran(select(mixed, "TestGroups", "one_two"), select(mixed, "TestPasses"))).toEqual([
      "passed MIXED > TestGroups",
      "passed MIXED > TestGroups > one_two",
      "passed MIXED > TestPasses",
    ]);
  });

  test("may be whole packages", async () => {
    expect(await ran(select("passing"))).toHaveLength(2);
    // What a package that could not be built is reported as.
    expect(await ran(select("broken", "broken"))).toEqual(["errored broken"]);
  });

  test("that no longer exist ran nothing", async () => {
    const { verdict } = await run("./...", { selectors: [select(mixed, "TestRenamedSince")] });
    expect(verdict).toBe("failed: zero tests ran");
  });
});
