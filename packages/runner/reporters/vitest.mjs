import { createRequire } from "node:module";

// Vite, which may load this file, would run an imported CommonJS file as a module.
const { openReport, failureTexts, lineIn } = createRequire(import.meta.url)("./report-lines.cjs");

/** Reporter for vitest. Before version 3 it is told of everything in the end alone. */
export default class ApexReporter {
  onInit(vitest) {
    this.report = openReport("vitest", vitest.version);
    this.told = new Set();
  }

  onTestRunStart() {
    this.isTold = true;
  }

  onTestCaseResult(test) {
    this.tellTest(test);
  }

  onTestSuiteResult(suite) {
    // Errors of a suite are those of its hooks; what its tests say is told with them.
    if (!this.told.has(suite.id)) this.tellErrors(suite, suite.name, titlesAbove(suite), suite.errors());
  }

  onTestModuleEnd(module) {
    this.tellModule(module);
  }

  onTestRunEnd(modules, unhandledErrors, reason) {
    for (const module of modules) {
      for (const test of module.children.allTests()) this.tellTest(test);
      this.tellModule(module);
    }
    for (const error of unhandledErrors) {
      const { message, details } = failureTexts(error);
      this.report.error(details === undefined ? message : `${message}\n${details}`);
    }
    if (reason !== "interrupted") this.report.end();
  }

  /** What vitest 1 and 2 have instead. */
  onFinished(files = [], errors = []) {
    if (this.isTold) return;
    for (const file of files) this.tellTasks(file, file.filepath, []);
    for (const error of errors) this.report.error(failureTexts(error).message);
    this.report.end();
  }

  tellTasks(suite, file, suites) {
    for (const task of suite.tasks) {
      const { id: key, name, result = {} } = task;
      if (task.type === "suite") {
        this.tellTasks(task, file, [...suites, name]);
        continue;
      }
      const status = oldStatus(task);
      const failure = status === "failed" ? firstFailure(result.errors ?? [], file) : {};
      const retries = result.retryCount ?? 0;
      const flaky = status === "passed" && retries > 0;
      this.report.test({ key, file, suites, name, status, durationMs: result.duration, ...failure, flaky, retries });
    }
    const errors = suite.result?.errors ?? [];
    const place = { file, suites: suites.slice(0, -1), name: suites.at(-1) };
    if (errors.length > 0) this.report.test({ ...place, status: "errored", ...firstFailure(errors, file) });
  }

  tellTest(test) {
    if (this.told.has(test.id)) return;
    this.told.add(test.id);
    const result = test.result();
    const diagnostic = test.diagnostic();
    const file = test.module.moduleId;
    const failure = result.state === "failed" ? firstFailure(result.errors, file) : {};
    const line = failure.line ?? test.location?.line;
    this.report.test({
      key: test.id,
      file,
      suites: titlesAbove(test),
      name: test.name,
      status: statusOf(test, result),
      durationMs: diagnostic?.duration,
      line,
      message: result.state === "pending" ? "it never finished" : (failure.message ?? result.note),
      details: failure.details,
      flaky: result.state === "passed" && (diagnostic?.flaky ?? false),
      retries: diagnostic?.retryCount,
    });
  }

  /** A module that could not be collected, or was never run, has no test that would tell. */
  tellModule(module) {
    const errors = module.errors();
    const state = module.state();
    if (this.told.has(module.id)) return;
    if (errors.length > 0) {
      this.tellErrors(module, undefined, [], errors);
      return;
    }
    const hasTests = !module.children.allTests().next().done;
    if (hasTests || (state !== "pending" && state !== "queued")) return;
    this.tellErrors(module, undefined, [], [{ message: "it never finished" }]);
  }

  /** What broke outside the tests becomes an errored test in the place of the suite or the file. */
  tellErrors(task, name, suites, errors) {
    if (errors.length === 0) return;
    this.told.add(task.id);
    const file = task.type === "module" ? task.moduleId : task.module.moduleId;
    this.report.test({ key: task.id, file, suites, name, status: "errored", ...firstFailure(errors, file) });
  }
}

function titlesAbove(task) {
  const titles = [];
  for (let suite = task.parent; suite && suite.type === "suite"; suite = suite.parent) titles.unshift(suite.name);
  return titles;
}

function statusOf(test, result) {
  if (result.state === "pending") return "errored";
  if (result.state === "skipped" && test.options.mode === "todo") return "todo";
  return result.state;
}

function oldStatus({ mode, result }) {
  if (mode === "todo") return "todo";
  const states = { pass: "passed", fail: "failed", run: "errored" };
  return states[result?.state] ?? "skipped";
}

function firstFailure(errors, file) {
  const [first] = errors;
  if (first === undefined) return {};
  const all = errors.map((error) => failureTexts(error));
  const details = all.map(({ message, details: stack }) => stack ?? message).join("\n\n");
  const frame = (first.stacks ?? []).find((place) => place.file === file);
  return { message: all[0].message, details, line: frame?.line ?? lineIn(first.stack, file) };
}
