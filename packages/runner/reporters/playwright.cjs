"use strict";

const { stripVTControlCharacters } = require("node:util");
const { openReport, failureTexts, lineIn } = require("./report-lines.cjs");

// Playwright runs that a test starts itself are none of ours.
delete process.env.PW_TEST_REPORTER;

/** Reporter for @playwright/test. */
class ApexReporter {
  printsToStdio() {
    return false;
  }

  onBegin(config, suite) {
    this.suite = suite;
    this.told = new Set();
    this.begin(config.version);
    if (process.env.APEX_LIST_TESTS) for (const test of suite.allTests()) this.tell(test, "skipped");
  }

  onTestEnd(test, result) {
    if (result.status === "interrupted") return;
    const isAsExpected = result.status === "skipped" || result.status === test.expectedStatus;
    // It will be tried again.
    if (!isAsExpected && result.retry < test.retries) return;
    this.tell(test, statusOf(test), result);
  }

  onError(error) {
    this.begin();
    const { message, details } = textsOf(error);
    const place = error.location ? `${error.location.file}:${error.location.line}\n` : "";
    this.report.error(`${place}${message}${details === undefined ? "" : `\n${details}`}`);
  }

  onEnd(result) {
    this.begin();
    if (result.status === "interrupted") return;
    for (const test of this.suite ? this.suite.allTests() : []) {
      if (this.told.has(test.id)) continue;
      // Stopped before its turn, or before its next try.
      const last = test.results.at(-1);
      if (last === undefined) this.tell(test, "skipped", undefined, "it did not run");
      else this.tell(test, statusOf(test), last);
    }
    if (result.status === "timedout") this.report.error("playwright's globalTimeout was reached");
    this.report.end();
  }

  /** Files that cannot be loaded are told of before anything begins. */
  begin(version) {
    if (this.report === undefined) this.report = openReport("playwright", version);
  }

  tell(test, status, result, note) {
    this.told.add(test.id);
    const { file, line } = test.location;
    const [, project, , ...titles] = test.titlePath();
    const errors = status === "failed" ? result.errors : [];
    const texts = errors.map((error) => textsOf(error));
    const annotation = status === "skipped" ? test.annotations.find(({ description }) => description) : undefined;
    this.report.test({
      key: test.id,
      file,
      suites: [...(project ? [project] : []), ...titles.slice(0, -1)],
      name: test.title,
      status,
      durationMs: result ? result.duration : 0,
      line: lineOf(errors[0], file) || line,
      message: texts.length > 0 ? texts[0].message : note || (annotation && annotation.description),
      ...(texts.length > 0 ? { details: texts.map(({ message, details }) => details || message).join("\n\n") } : {}),
      flaky: status === "passed" && test.outcome() === "flaky",
      retries: result ? result.retry : 0,
    });
  }
}

function statusOf(test) {
  switch (test.outcome()) {
    case "skipped":
      return "skipped";
    case "unexpected":
      return "failed";
    default:
      return "passed";
  }
}

function textsOf({ message, stack, value }) {
  if (message === undefined) return { message: String(value) };
  const { details } = failureTexts({ message, stack });
  return { message: stripVTControlCharacters(message).replace(/^Error: /, ""), details };
}

function lineOf(error, file) {
  if (error === undefined) return undefined;
  return error.location && error.location.file === file ? error.location.line : lineIn(error.stack, file);
}

module.exports = ApexReporter;
