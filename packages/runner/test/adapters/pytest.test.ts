import path from "node:path";
import { describe, expect, test } from "vitest";
import { pytestAdapter } from "../../src/adapters/pytest.ts";
import { argv, prepare, select } from "./prepare.ts";

const own = "-p apex_pytest_reporter --apex-report=REPORT";

describe("pytest is recognised", () => {
  test.each([
    ["pytest -q", `pytest ${own} -q`],
    ["/venv/bin/pytest", `/venv/bin/pytest ${own}`],
    ["py.test tests", `py.test ${own} tests`],
    ["python -m pytest tests -x", `python -m pytest ${own} tests -x`],
    ["python3.12 -X dev -m pytest", `python3.12 -X dev -m pytest ${own}`],
    ["uv run pytest -q", `uv run pytest ${own} -q`],
    ["uv run --with pytest pytest -q", `uv run --with pytest pytest ${own} -q`],
    ["uv run python -m pytest", `uv run python -m pytest ${own}`],
    ["poetry run pytest", `poetry run pytest ${own}`],
    ["pipenv run python -m pytest", `pipenv run python -m pytest ${own}`],
    ["coverage run -m pytest tests", `coverage run -m pytest ${own} tests`],
    ["python -m coverage run -m pytest", `python -m coverage run -m pytest ${own}`],
    ["env DJANGO_SETTINGS_MODULE=shop pytest", `env DJANGO_SETTINGS_MODULE=shop pytest ${own}`],
    // Nothing after `--` is an option.
    ["pytest -- tests", `pytest ${own} -- tests`],
  ])("in `%s`", (written, run) => {
    expect(pytestAdapter.matches(argv(written))).toBe(true);
    expect(prepare(pytestAdapter, written)).toBe(run);
  });

  test.each(["tox", "make pytest", "python run.py pytest", "echo pytest", "pip install pytest", "npm run pytest"])(
    "but not in `%s`",
    (written) => {
      expect(pytestAdapter.matches(argv(written))).toBe(false);
    },
  );

  test("but not in a shell script, which is refused with a way out", () => {
    expect(() => prepare(pytestAdapter, { kind: "shell", script: "pytest && true" })).toThrow(
      expect.objectContaining({
        code: "APEX_FRAMEWORK_UNREACHABLE",
        hint: expect.stringContaining("python -m pytest"),
      }),
    );
  });
});

describe("selected tests of pytest", () => {
  const selectors = [select("tests/a.py", "TestX", "test_y[a b]"), select("tests/b.py")];
  const ids = "-k  -m  tests/a.py::TestX::test_y[a b] tests/b.py";

  test.each([
    ["pytest", `pytest ${own} ${ids}`],
    ["pytest -x -q -- tests", `pytest ${own} -x -q ${ids}`],
    ["pytest -k fast -mslow --lf --deselect=tests/a.py::test_q --tb short", `pytest ${own} --tb short ${ids}`],
    // The word after an unknown option is its value when there is no such file.
    ["pytest --dsn postgres://db tests/unit::nothing", `pytest ${own} --dsn postgres://db ${ids}`],
  ])("replace what `%s` would run", (written, run) => {
    expect(prepare(pytestAdapter, written, { selectors })).toBe(run);
  });

  test("do not include the directory after an unknown option, which may be one without a value", () => {
    const cwd = path.join(import.meta.dirname, "..");
    expect(prepare(pytestAdapter, "pytest --verbose-of-a-plugin adapters", { selectors, cwd })).toBe(
      `pytest ${own} --verbose-of-a-plugin ${ids}`,
    );
  });

  test("that are too many for a command line become their files", () => {
    const many = Array.from({ length: 20_000 }, (_, index) =>
      select("tests/a.py", `test_with_a_longer_name[${index}]`),
    );
    expect(prepare(pytestAdapter, "pytest", { selectors: many })).toBe(`pytest ${own} -k  -m  tests/a.py`);
  });

  test("need their file", () => {
    expect(() => prepare(pytestAdapter, "pytest", { selectors: [select("", "test_x")] })).toThrow(
      expect.objectContaining({ code: "APEX_FRAMEWORK_CANNOT" }),
    );
  });
});

test("pytest refuses shards, and a Python that would not find the reporter", () => {
  expect(() => prepare(pytestAdapter, "pytest", { shard: { index: 1, total: 2 } })).toThrow(
    expect.objectContaining({ code: "APEX_FRAMEWORK_CANNOT", message: "pytest cannot run one shard of its tests" }),
  );
  expect(() => prepare(pytestAdapter, "python -I -m pytest")).toThrow(/python -E and -I ignore PYTHONPATH/);
});

test("pytest finds the reporter before the category's own modules", () => {
  const { env } = pytestAdapter.prepare({
    command: argv("pytest"),
    reportFile: "REPORT",
    cwd: "/project",
    selectors: [],
    allowNoTests: false,
    env: { PYTHONPATH: "/project/src" },
  });
  expect(env?.["PYTHONPATH"]?.split(path.delimiter)).toEqual([
    path.resolve(import.meta.dirname, "../../reporters/pytest"),
    "/project/src",
  ]);
});
