import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { pytestAdapter } from "../../src/adapters/pytest.ts";
import { select } from "./prepare.ts";
import { expected, listProject, runProject, runSituation, type Situations } from "./run-project.ts";

const project = path.join(import.meta.dirname, "..", "fixtures", "pytest");
/** `APEX_TEST_PYTHON` names another one; many machines have several, and pytest in one of them. */
const python =
  process.env["APEX_TEST_PYTHON"] ?? (canImport("/usr/bin/python3", "pytest") ? "/usr/bin/python3" : "python3");
// Without a bytecode cache the fixtures stay as they are.
const env = { PYTHONDONTWRITEBYTECODE: "1" };
const pytest = `${python} -m pytest`;

function canImport(interpreter: string, ...modules: string[]): boolean {
  try {
    execFileSync(interpreter, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const run = (args: string, options: Parameters<typeof runProject>[3] = {}) =>
  runProject(pytestAdapter, project, `${pytest} ${args}`, { env, ...options });

const situations: Situations = {
  pass: {
    command: `${pytest} test_passing.py`,
    tests: ["passed test_passing.py > test_one", "passed test_passing.py > TestGroup > test_two"],
    completeness: "complete",
    exitCode: 0,
    verdict: "passed",
  },
  failure: {
    command: `${pytest} test_mixed.py`,
    tests: [
      "passed test_mixed.py > test_passes",
      "failed test_mixed.py > test_fails",
      "skipped test_mixed.py > test_is_skipped",
      "skipped test_mixed.py > test_skips_itself",
      "todo test_mixed.py > test_fails_as_expected",
      "passed test_mixed.py > test_passes_unexpectedly",
      "failed test_mixed.py > test_passes_against_strict_expectation",
      "errored test_mixed.py > test_has_a_broken_setup",
      "errored test_mixed.py > test_has_a_broken_teardown",
      "passed test_mixed.py > TestCart > test_costs[1]",
      "failed test_mixed.py > TestCart > test_costs[a::b]",
      "passed test_mixed.py > TestCart > test_costs[x[y]]",
      "passed test_mixed.py > TestCart > TestInner > test_nested",
      "passed test_mixed.py > TestUnit > test_of_unittest",
      "passed test_mixed.py > test_that_is_slow",
    ],
    completeness: "complete",
    exitCode: 1,
    verdict: "failed: 5 of 15 tests failed",
  },
  "zero tests": {
    command: `${pytest} test_empty.py`,
    tests: [],
    completeness: "complete",
    exitCode: 5,
    verdict: "failed: zero tests ran, exit code 5",
  },
  "collection error": {
    command: `${pytest} test_collection_error.py test_syntax.py test_passing.py`,
    tests: ["errored test_collection_error.py", "errored test_syntax.py"],
    completeness: "complete",
    exitCode: 2,
    verdict: "failed: 2 of 2 tests failed",
  },
  hang: {
    command: `${pytest} test_hangs.py`,
    options: { endAt: '"test_before"' },
    tests: ["passed test_hangs.py > test_before"],
    completeness: "truncated",
    verdict: /^failed: report truncated: the command ended before all its tests had, ended by signal SIGTERM/,
  },
  crash: {
    command: `${pytest} test_crashes.py`,
    tests: ["passed test_crashes.py > test_before"],
    completeness: "truncated",
    verdict: /^failed: report truncated: the command ended before all its tests had, ended by signal SIGKILL/,
  },
};

describe.skipIf(!canImport(python, "pytest"))("pytest itself", () => {
  test.each(Object.entries(situations))("tells the truth in this situation: %s", async (_, situation) => {
    const withEnv = { ...situation, options: { env, ...situation.options } };
    expect(await runSituation(pytestAdapter, project, withEnv)).toEqual(
      expected(situation, (text) => expect.stringMatching(text)),
    );
  });

  test("gives lines, messages and details", async () => {
    const { tests } = await run("test_mixed.py");
    const named = (name: string) => tests.find((result) => result.name === name);
    expect(named("test_fails")).toEqual({
      id: "test_mixed.py > test_fails",
      name: "test_fails",
      suites: [],
      file: "test_mixed.py",
      // Where the test called what threw in another file.
      line: 14,
      durationMs: expect.any(Number),
      status: "failed",
      message: "ValueError: apples are out",
      details: expect.stringContaining("shop.py:3: ValueError"),
    });
    expect(named("test_passes")).toMatchObject({ line: 9 });
    expect(named("test_is_skipped")).toMatchObject({ message: "no database" });
    expect(named("test_fails_as_expected")).toMatchObject({ message: "known fault" });
    expect(named("test_passes_against_strict_expectation")).toMatchObject({ message: "[XPASS(strict)] must fail" });
    expect(named("test_has_a_broken_setup")).toMatchObject({ message: "RuntimeError: no server" });
  });

  test("gives what cannot be collected its reason", async () => {
    const { tests } = await run("test_collection_error.py test_syntax.py");
    expect(tests.map(({ message }) => message)).toEqual([
      "ModuleNotFoundError: No module named 'module_that_does_not_exist'",
      expect.stringMatching(/^SyntaxError: /),
    ]);
  });

  test("passes without tests where that is allowed", async () => {
    expect(await run("test_empty.py", { allowNoTests: true })).toMatchObject({ exitCode: 0, verdict: "passed" });
  });

  test("does not pass when a test ended its process or its session well", async () => {
    const exits = await run("test_exits.py");
    expect(exits).toMatchObject({
      exitCode: 0,
      completeness: "truncated",
      lines: ["passed test_exits.py > test_before"],
    });
    const leaves = await run("test_leaves.py");
    expect(leaves).toMatchObject({
      exitCode: 0,
      completeness: "truncated",
      errors: [expect.stringContaining("enough")],
    });
  });

  test("keeps the user's own options and report", async () => {
    const { lines, log } = await run("test_mixed.py -k test_passes -v -o junit_suite_name=own --junitxml=/dev/stdout");
    expect(lines).toEqual([
      "failed test_mixed.py > test_passes_against_strict_expectation",
      "passed test_mixed.py > test_passes",
      "passed test_mixed.py > test_passes_unexpectedly",
    ]);
    expect(log).toContain('<testsuite name="own"');
  });

  test("keeps PYTHONPATH", async () => {
    const { log } = await run("test_passing.py -p module_of_the_project", {
      env: { ...env, PYTHONPATH: path.join(project, "modules") },
    });
    expect(log).toContain("the module of the project is there");
  });

  test("gives files relative to the working directory, whatever pytest takes for its root", async () => {
    const { lines } = await runProject(
      pytestAdapter,
      path.join(project, "modules"),
      `${pytest} ../test_passing.py::test_one`,
      {
        env,
      },
    );
    expect(lines).toEqual(["passed ../test_passing.py > test_one"]);
  });

  test("lists tests without running them", async () => {
    expect(await listProject(pytestAdapter, project, `${pytest} test_passing.py test_crashes.py -v`)).toEqual([
      "test_crashes.py > test_after",
      "test_crashes.py > test_before",
      "test_crashes.py > test_kills_its_process",
      "test_passing.py > TestGroup > test_two",
      "test_passing.py > test_one",
    ]);
    await expect(listProject(pytestAdapter, project, `${pytest} test_syntax.py`)).rejects.toMatchObject({
      code: "APEX_LIST_FAILED",
      message: expect.stringContaining("SyntaxError"),
    });
  });
});

describe.skipIf(!canImport(python, "pytest"))("selected tests of pytest", () => {
  test.each([
    [select("test_mixed.py", "TestCart", "test_costs[a::b]"), "failed test_mixed.py > TestCart > test_costs[a::b]"],
    [select("test_mixed.py", "TestCart", "test_costs[x[y]]"), "passed test_mixed.py > TestCart > test_costs[x[y]]"],
    [select("test_mixed.py", "test_that_is_slow"), "passed test_mixed.py > test_that_is_slow"],
  ])("run alone: %j", async (selector, line) => {
    const { lines } = await run('--maxfail 3 -k test_passes -m "not slow" test_passing.py', { selectors: [selector] });
    expect(lines).toEqual([line]);
  });

  test("may be whole files, and several", async () => {
    const { lines } = await run("", {
      selectors: [select("test_passing.py"), select("test_crashes.py", "test_after")],
    });
    expect(lines).toEqual([
      "passed test_crashes.py > test_after",
      "passed test_passing.py > TestGroup > test_two",
      "passed test_passing.py > test_one",
    ]);
  });

  test("that no longer exist ran nothing", async () => {
    const { verdict } = await run("", { selectors: [select("test_passing.py", "renamed_since")] });
    expect(verdict).toBe("failed: zero tests ran, exit code 4");
  });
});

describe.skipIf(!canImport(python, "pytest", "xdist"))("pytest-xdist", () => {
  test("tells of the tests of all its workers once", async () => {
    const { lines, completeness } = await run("test_mixed.py -n 2");
    expect(lines).toEqual(situations.failure.tests.toSorted());
    expect(completeness).toBe("complete");
  });

  test("names the test that killed a worker", async () => {
    const { lines, verdict } = await run("test_crashes.py -n 2");
    expect(lines).toEqual([
      "errored test_crashes.py > test_kills_its_process",
      "passed test_crashes.py > test_after",
      "passed test_crashes.py > test_before",
    ]);
    expect(verdict).toBe("failed: 1 of 3 tests failed");
  });
});

describe.skipIf(!canImport(python, "pytest", "pytest_rerunfailures"))("pytest-rerunfailures", () => {
  test.each(["", " -n 2"])("shows the tries of a test%s", async (workers) => {
    const { tests, verdict } = await run(`test_flaky.py${workers}`);
    expect(tests.toSorted((a, b) => a.name.localeCompare(b.name))).toMatchObject([
      { name: "test_never_passes", status: "failed", retries: 2 },
      { name: "test_passes_at_the_third_try", status: "passed", retries: 2, flaky: true },
    ]);
    expect(verdict).toBe("failed: 1 of 2 tests failed");
  });
});

describe.skipIf(!canImport(python, "pytest", "pytest_subtests"))("pytest-subtests", () => {
  test("fails the test around a failing subtest, and names the subtest", async () => {
    const { tests } = await run("test_subtests.py");
    expect(tests).toMatchObject([
      {
        id: "test_subtests.py > test_with_subtests",
        status: "failed",
        message: "subtest numbers, number=1: assert 1 != 1",
      },
      { suites: ["TestUnit"], status: "failed", message: expect.stringMatching(/^subtest number=2: /) },
    ]);
  });
});

describe.skipIf(!canImport(python, "pytest", "pytest_cov"))("pytest-cov", () => {
  // A file of its own: coverage removes what was there before, be it /dev/null.
  const withData = { ...env, COVERAGE_FILE: path.join(tmpdir(), `apex-coverage-${process.pid}`) };

  test("is switched on and off", async () => {
    const on = await run("test_passing.py", { coverage: true, env: withData });
    expect(on.log).toMatch(/\bcoverage: platform/);
    const off = await run("test_passing.py --cov=.", { coverage: false, env: withData });
    expect(off.log).not.toMatch(/\bcoverage: platform/);
    expect([on.verdict, off.verdict]).toEqual(["passed", "passed"]);
  });

  test("measures what the command says", async () => {
    const { log } = await run("--cov=shop test_mixed.py", { coverage: true, env: withData });
    expect(log).toMatch(/^shop\.py\s/m);
    expect(log).not.toMatch(/^test_mixed\.py\s+\d/m);
  });

  test("is asked for by name where it is missing", async () => {
    const { log, verdict } = await run("test_passing.py", {
      coverage: true,
      env: { ...env, PYTHONPATH: path.join(project, "without_coverage") },
    });
    expect(log).toContain("pytest-cov is not installed");
    expect(verdict).toMatch(/^failed: report missing/);
  });
});
