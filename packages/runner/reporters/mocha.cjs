"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { openReport, failureTexts, lineIn } = require("./report-lines.cjs");

/**
 * Reporter for mocha, and for Cypress, which makes one for every spec file, one after the other. They take a single reporter:
 * the one that would have been used without this one is used inside it.
 */
class ApexReporter {
  constructor(runner, options) {
    const Delegate = findReporter(process.env.APEX_MOCHA_REPORTER || configuredReporter() || "spec");
    this.delegate = Delegate ? new Delegate(runner, options) : undefined;
    this.runner = runner;
    this.told = new Map();
    if (process.env.APEX_MOCHA_FILES) listFiles(process.env.APEX_MOCHA_FILES, runner, options);
    const isCypress = Boolean(process.env.APEX_CYPRESS_PROJECT);
    this.report = openReport(isCypress ? "cypress" : "mocha");
    runner.on("pass", (test) => this.tell(test, "passed"));
    runner.on("pending", (test) => this.tell(test, "skipped"));
    runner.on("fail", (test, error) => this.fail(test, error));
    runner.once("end", () => this.end());
  }

  /** Mocha and Cypress ask for it only where a reporter has it, and wait for `callback` then. */
  done(failures, callback) {
    if (this.delegate && typeof this.delegate.done === "function") this.delegate.done(failures, callback);
    else callback(failures);
  }

  fail(test, error) {
    // Cypress makes a failed hook look like its test, with the hook's title.
    const isHook = test.type === "hook" || /^"(?:before|after) (?:all|each)" hook/.test(test.title);
    const file = fileOf(test);
    const { message, details } = failureTexts(error);
    const line = lineIn(details, file);
    this.tell(test, isHook ? "errored" : "failed", { message, details, line });
  }

  tell(test, status, failure) {
    if (!this.told.has(test)) this.told.set(test, this.told.size + 1);
    const file = fileOf(test);
    const retries = typeof test.currentRetry === "function" ? test.currentRetry() : test._currentRetry;
    this.report.test({
      // Cypress tells each of its specs to a reporter of its own.
      key: `${file}#${this.told.get(test)}`,
      file,
      suites: suitesOf(test),
      name: test.title,
      status,
      durationMs: test.duration,
      ...failure,
      flaky: status === "passed" && retries > 0,
      retries: retries || 0,
    });
  }

  end() {
    // Tests behind a failed hook or a bail are told by no event. Mocha's parallel mode has none here.
    if (this.runner.suite) this.tellRest(this.runner.suite);
    this.report.end();
  }

  tellRest(suite) {
    for (const test of suite.tests || []) {
      const isSelected = typeof this.runner._grep === "undefined" || this.isSelected(test);
      if (!this.told.has(test) && isSelected && test.state !== "passed" && test.state !== "failed") {
        this.tell(test, "skipped", { message: "it did not run" });
      }
    }
    for (const inner of suite.suites || []) this.tellRest(inner);
  }

  isSelected(test) {
    if (typeof test.fullTitle !== "function") return true;
    this.runner._grep.lastIndex = 0;
    return this.runner._grep.test(test.fullTitle()) !== Boolean(this.runner._invert);
  }
}

/** Writes which files mocha has loaded, and which of them have tests, when it was asked for nothing else. */
function listFiles(target, runner, options) {
  const withTests = new Set();
  const visit = (suite) => {
    for (const test of suite.tests) withTests.add(fileOf(test));
    for (const inner of suite.suites) visit(inner);
  };
  visit(runner.suite);
  fs.writeFileSync(target, JSON.stringify({ loaded: options.files || [], withTests: [...withTests] }));
}

/** In mocha's parallel mode only `titlePath` knows them, in Cypress only the parents. */
function suitesOf(test) {
  if (typeof test.titlePath === "function") return test.titlePath().slice(0, -1);
  const suites = [];
  for (let suite = test.parent; suite && !suite.root; suite = suite.parent) suites.unshift(suite.title);
  return suites;
}

/** Cypress names files from the project's root, and only at the root suite. */
function fileOf(test) {
  let file = test.file;
  for (let suite = test.parent; suite && !file; suite = suite.parent) file = suite.file;
  return file ? path.resolve(process.env.APEX_CYPRESS_PROJECT || process.cwd(), file) : undefined;
}

/** A reporter by what `--reporter` would say. `undefined` when only the name of a built-in one is known, and not where mocha is. */
function findReporter(name) {
  const builtIn = loadedFromMocha(/[\\/]lib[\\/]reporters[\\/]index\.c?js$/) || mochaOfCypress();
  if (builtIn && typeof builtIn[name] === "function") return builtIn[name];
  const places = { paths: [process.env.APEX_CYPRESS_PROJECT || process.cwd()] };
  for (const candidate of [name, path.resolve(places.paths[0], name)]) {
    let found;
    try {
      found = require.resolve(candidate, places);
    } catch {
      continue;
    }
    const loaded = require(found);
    return typeof loaded === "function" ? loaded : loaded.default;
  }
  if (/^[a-z]+$/.test(name)) return undefined;
  throw new Error(`the reporter "${name}" was not found`);
}

/** What `.mocharc` or package.json say; the command line's own reporter had to make room for this one. */
function configuredReporter() {
  const options = loadedFromMocha(/[\\/]lib[\\/]cli[\\/]options\.c?js$/);
  if (!options || typeof options.loadRc !== "function") return undefined;
  const words = process.argv.slice(2);
  const valueOf = (option) => {
    const at = words.findIndex((word) => word === option || word.startsWith(`${option}=`));
    if (at === -1) return words.includes(`--no-${option.slice(2)}`) ? false : undefined;
    return words[at] === option ? words[at + 1] : words[at].slice(option.length + 1);
  };
  const rc = options.loadRc({ config: valueOf("--config") }) || {};
  const inPackage = options.loadPkgRc({ package: valueOf("--package") }) || {};
  return rc.reporter || rc.R || inPackage.reporter;
}

/** A part of the very mocha that runs here: it may be any of several that are installed. */
function loadedFromMocha(pattern) {
  const file = Object.keys(require.cache).find((name) => name.includes("mocha") && pattern.test(name));
  return file === undefined ? undefined : require.cache[file].exports;
}

/** Cypress answers `require("mocha")` in a reporter with its own. */
function mochaOfCypress() {
  if (!process.env.APEX_CYPRESS_PROJECT) return undefined;
  try {
    return require("mocha").reporters;
  } catch {
    return undefined;
  }
}

module.exports = ApexReporter;
