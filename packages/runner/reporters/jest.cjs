"use strict";

const { openReport, failureTexts, messageOfStack, lineIn } = require("./report-lines.cjs");

/** Reporter for jest >= 27. */
class ApexReporter {
  constructor() {
    /** By file: what its tests were last told to be. */
    this.files = new Map();
  }

  onRunStart() {
    this.report = openReport("jest");
  }

  /** Called as a test ends, after every try; not called for skipped tests, nor by every test runner. */
  onTestCaseResult(test, result) {
    const file = this.fileOf(test.path);
    const titles = titlesOf(result);
    const again = file.ended.get(titles) || 0;
    // Tests may share their titles: a second try is of the last of them, everything else is another test.
    const occurrence = (result.invocations || 1) > 1 ? Math.max(again, 1) : again + 1;
    file.ended.set(titles, occurrence);
    this.tell(test.path, result, occurrence);
  }

  onTestFileResult(test, fileResult) {
    const seen = new Map();
    for (const result of fileResult.testResults) {
      const titles = titlesOf(result);
      const occurrence = (seen.get(titles) || 0) + 1;
      seen.set(titles, occurrence);
      this.tell(test.path, result, occurrence);
    }
    const { testExecError, failureMessage } = fileResult;
    const isExplained = fileResult.testResults.some(({ status }) => status === "failed");
    if (testExecError || (failureMessage && !isExplained)) {
      const texts = testExecError ? failureTexts(testExecError) : { message: messageOfStack(failureMessage) };
      const details = failureMessage || texts.details;
      this.report.test({ file: test.path, suites: [], status: "errored", ...texts, details });
    }
  }

  onRunComplete(_contexts, results) {
    if (results.runExecError) this.report.error(failureTexts(results.runExecError).message);
    if (!results.wasInterrupted) this.report.end();
  }

  fileOf(path) {
    let file = this.files.get(path);
    if (file === undefined) this.files.set(path, (file = { ended: new Map(), told: new Map() }));
    return file;
  }

  tell(path, result, occurrence) {
    const { told } = this.fileOf(path);
    const key = JSON.stringify([path, occurrence, ...result.ancestorTitles, result.title]);
    const invocations = result.invocations || 1;
    const state = `${result.status} ${invocations}`;
    if (told.get(key) === state) return;
    told.set(key, state);
    const status = statusOf(result.status);
    const stacks = status === "failed" ? result.failureMessages || [] : [];
    const line = lineIn(stacks[0], path) || (result.location ? result.location.line : undefined);
    this.report.test({
      key,
      file: path,
      suites: result.ancestorTitles,
      name: result.title,
      status,
      durationMs: result.duration,
      line,
      ...(stacks.length === 0 ? {} : { message: messageOfStack(stacks[0]), details: stacks.join("\n\n") }),
      flaky: status === "passed" && invocations > 1,
      retries: invocations - 1,
    });
  }
}

function titlesOf(result) {
  return JSON.stringify([...result.ancestorTitles, result.title]);
}

/** `pending` is what jest calls a skipped test. */
function statusOf(status) {
  return status === "passed" || status === "failed" || status === "todo" ? status : "skipped";
}

module.exports = ApexReporter;
