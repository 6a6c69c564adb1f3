import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

const { openReport, failureTexts, lineIn } = createRequire(import.meta.url)("./report-lines.cjs");

/**
 * Reporter for Node's test runner. It yields no text: what it says goes to the file itself, because a destination is only
 * written to when Node gets round to it.
 */
export default async function* apexReporter(source) {
  const run = new TestRun(openReport("node:test", process.version));
  for await (const event of source) {
    run.take(event);
    yield "";
  }
  run.end();
}

/** Since Node 24 tests have ids, and each can be told the moment it ends; before, in the order in which they are declared. */
class TestRun {
  constructor(report) {
    this.report = report;
    /** By file. `hasSummary`: its process came to the end of its tests. */
    this.files = new Map();
    /** By file and id: the tests and suites that were met. */
    this.tests = new Map();
    /** Without ids: those that are open, by nesting. */
    this.open = [];
    this.signals = new Set();
  }

  take({ type, data }) {
    this.listenForSignals();
    if (data === undefined) return;
    const hasId = data.testId !== undefined;
    switch (type) {
      case "test:enqueue":
        if (hasId) this.meet(data);
        return;
      case "test:start":
        if (!hasId) this.start(data);
        return;
      case "test:complete":
        if (hasId && !isFile(data)) this.complete(data, data.details.passed);
        return;
      case "test:pass":
      case "test:fail":
        if (isFile(data)) this.fileEnded(data, type === "test:pass");
        // Most are told by now.
        else if (hasId) this.complete(data, type === "test:pass");
        else this.ended(data, type === "test:pass");
        return;
      case "test:summary":
        if (data.file !== undefined) this.fileOf(data).hasSummary = true;
        return;
      default:
    }
  }

  /** Node ends its report in good order when it is told to end. Without a listener of Node's, ours would keep the process alive. */
  listenForSignals() {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
      if (this.signals.has(signal) || process.listenerCount(signal) === 0) continue;
      this.signals.add(signal);
      process.prependListener(signal, () => {
        this.isInterrupted = true;
      });
    }
  }

  meet(data) {
    if (isFile(data)) return;
    this.fileOf(data).isProcess ||= data.entryFile !== undefined;
    const parent = this.tests.get(idOf(data, data.parentId));
    if (parent) parent.hasChildren = true;
    const titles = parent ? [...parent.titles, data.name] : [data.name];
    this.tests.set(idOf(data, data.testId), { titles, isSuite: data.type === "suite", hasChildren: false });
  }

  complete(data, passed) {
    const key = idOf(data, data.testId);
    // What a failed hook kept from running was never met.
    if (!this.tests.has(key)) this.meet({ ...data, type: data.details.type });
    const test = this.tests.get(key);
    if (test.isTold) return;
    test.isTold = true;
    this.tell(data, passed, { ...test, key });
  }

  start(data) {
    if (isFile(data)) return;
    const { nesting, name } = data;
    if (nesting > 0 && this.open[nesting - 1]) this.open[nesting - 1].hasChildren = true;
    this.open.length = nesting;
    this.open[nesting] = { name, hasChildren: false };
  }

  ended(data, passed) {
    const { nesting, name } = data;
    const titles = [...this.open.slice(0, nesting).map((test) => test.name), name];
    const { hasChildren } = this.open[nesting] ?? { hasChildren: false };
    this.fileOf(data).isProcess = !isOneProcess;
    this.serial = (this.serial ?? 0) + 1;
    this.tell(data, passed, { titles, hasChildren, isSuite: data.details.type === "suite", key: String(this.serial) });
  }

  /** Suites, and tests around tests, are told only for what went wrong in themselves. */
  tell(data, passed, { titles, isSuite, hasChildren, key }) {
    const { details } = data;
    const reason = details.error?.failureType;
    const isOwnFailure = !passed && reason !== "subtestsFailed";
    if ((isSuite || hasChildren) && !isOwnFailure) return;
    const file = fileName(data);
    const failure = passed ? {} : readFailure(details.error, file);
    const note = [data.skip, data.todo].find((text) => typeof text === "string" && text !== "");
    const isFailure = !passed && data.todo === undefined && data.skip === undefined;
    if (isFailure && errorTypes.has(reason)) failure.status = "errored";
    this.fileOf(data).hasTold = true;
    this.report.test({
      key: `${data.entryFile ?? ""}#${key}`,
      file,
      suites: titles.slice(0, -1),
      name: titles.at(-1),
      status: statusOf(data, passed),
      durationMs: details.duration_ms,
      line: data.line,
      message: note,
      ...(isFailure ? failure : {}),
    });
  }

  /**
   * A test that is named like its file stands for the file's process: it is there when the process failed, and also when it
   * ended well without a single test, which Node counts as a passed one.
   */
  fileEnded(data, passed) {
    const { details } = data;
    const state = this.fileOf(data);
    state.isEnded = true;
    const { exitCode, signal } = details.error ?? {};
    const how = signal ? `signal ${signal}` : `exit code ${exitCode ?? "unknown"}`;
    this.report.test({
      key: `${data.file}#`,
      file: data.file,
      suites: [],
      durationMs: details.duration_ms,
      ...(passed && data.skip === undefined
        ? { status: "skipped", message: "the file reported no test: it has none, or it ended before they did" }
        : { status: "errored", message: `the file failed outside its tests (${how}); the log says why` }),
    });
  }

  end() {
    for (const [file, { isProcess, hasSummary, isEnded }] of this.files) {
      if (!isProcess || hasSummary || isEnded) continue;
      const message = "the file's process ended before all its tests had";
      this.report.test({ key: `${file}#`, file, suites: [], status: "errored", message });
    }
    if (!this.isInterrupted) this.report.end();
  }

  fileOf(data) {
    const file = fileName(data);
    let state = this.files.get(file);
    if (state === undefined) this.files.set(file, (state = {}));
    return state;
  }
}

/** Types of failure that lie outside the test's own code. */
const errorTypes = new Set(["hookFailed", "cancelledByParent", "uncaughtException", "unhandledRejection"]);

const isOneProcess = process.execArgv.some((word) => /^--(?:experimental-)?test-isolation=none$/.test(word));

/** Tests are of the file that was started, even when another file declares them. */
function fileName(data) {
  return data.entryFile ?? data.file;
}

function idOf(data, id) {
  return `${data.entryFile ?? ""}#${id}`;
}

function isFile({ name, file, entryFile, nesting, line, column }) {
  if (entryFile !== undefined || nesting !== 0 || line !== 1 || column !== 1 || file === undefined) return false;
  return path.resolve(name) === file;
}

function statusOf({ skip, todo }, passed) {
  if (todo !== undefined && todo !== false) return "todo";
  if (skip !== undefined && skip !== false) return "skipped";
  return passed ? "passed" : "failed";
}

function readFailure(error, file) {
  if (error === undefined) return {};
  const cause = error.cause ?? error;
  const texts = failureTexts(cause);
  const line = lineIn(texts.details, file);
  return line === undefined ? texts : { ...texts, line };
}
