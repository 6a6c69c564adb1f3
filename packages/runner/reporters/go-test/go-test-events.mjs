/** Of each test and package, the last so many characters of its output are kept. */
const longestOutput = 64_000;

/**
 * Turns the events of `go test -json` (`go doc test2json`) into the lines of a streamed report. Go counts a test with
 * subtests as a test too, and so does this.
 */
export class GoTestEvents {
  #write;
  #files;
  #lists;
  #packages = new Map();
  /** What compilers said, by package. */
  #builds = new Map();
  /** The package of which the text on stderr speaks. */
  #section;
  #failed = new Set();
  /** The last subtest that failed in a test. */
  #failedSubtests = new Map();
  #hasFailure = false;
  #errors = "";

  /** `write` takes one line as an object, `files` is a `GoTestFiles`; with `lists`, names of tests are looked for. */
  constructor({ write, files, lists = false }) {
    this.#write = write;
    this.#files = files;
    this.#lists = lists;
  }

  /** Takes one event; gives what is to be shown of it. */
  add(event) {
    const { Action: action, Package: name, Test: test, Output: output = "", Elapsed: seconds = 0 } = event;
    if (action === "build-output") {
      this.#addBuild(event.ImportPath, output);
      return output;
    }
    if (typeof name !== "string") return output;
    const known = this.#package(name);
    if (action === "output") {
      if (test !== undefined) append(entry(known.tests, test, newTest), output);
      else if (this.#lists) this.#list(name, output);
      else append(known, output);
    } else if (test !== undefined) {
      if (action === "run") known.tests.set(test, newTest());
      else if (action === "pass" || action === "fail" || action === "skip" || action === "bench")
        this.#endTest(name, test, action, seconds);
    } else if (action === "pass" || action === "fail" || action === "skip") {
      this.#endPackage(name, action === "fail", event.FailedBuild, seconds);
    }
    return output;
  }

  /** Takes a line of stdout that is no event: Go before 1.24 says so that a package was not built. */
  addText(line) {
    const name = /^FAIL\s+(\S+) \[(?:build|setup) failed\]/.exec(line)?.[1];
    if (name !== undefined) this.#endPackage(name, true, name, 0);
  }

  /** Takes a line of stderr. */
  addError(line) {
    const name = /^# (\S+)/.exec(line)?.[1];
    if (name !== undefined) this.#section = name;
    else if (this.#section !== undefined) this.#addBuild(this.#section, `${line}\n`);
    this.#errors = (this.#errors + `${line}\n`).slice(-longestOutput);
  }

  /** What came is all there is; `exitCode` is undefined for a `go` that was ended by a signal. */
  end(exitCode) {
    for (const [name, { hasEnded, failure }] of this.#packages) {
      if (failure) this.#reportPackage(name, failure());
      if (!hasEnded) return;
    }
    if (exitCode === undefined) return;
    if (exitCode !== 0 && !this.#hasFailure && this.#errors.trim() !== "")
      this.#write({ type: "error", message: this.#errors.trim() });
    this.#write({ type: "end" });
  }

  #package(name) {
    return entry(this.#packages, name, () => ({ tests: new Map(), output: "", hasFailure: false, hasEnded: false }));
  }

  #addBuild(name, output) {
    append(
      entry(this.#builds, String(name).split(" ", 1)[0], () => ({ output: "" })),
      output,
    );
  }

  #list(packagePath, output) {
    const name = output.trim();
    if (/^(?:Test|Example|Fuzz)\w*$/.test(name))
      this.#writeTest(packagePath, name, { status: "skipped", durationMs: 0 });
  }

  #endTest(packagePath, name, action, seconds) {
    const { tests } = this.#package(packagePath);
    const { output } = tests.get(name) ?? newTest();
    tests.delete(name);
    if (action === "bench") return;
    const status = { pass: "passed", fail: "failed", skip: "skipped" }[action];
    const key = `${packagePath} ${name}`;
    // With -count, one failure among the runs is what counts.
    if (this.#failed.has(key)) return;
    if (status === "failed") {
      this.#failed.add(key);
      this.#package(packagePath).hasFailure = true;
      for (const { index } of name.matchAll(/\//g))
        this.#failedSubtests.set(`${packagePath} ${name.slice(0, index)}`, name);
    }
    const texts = status === "passed" ? {} : explain(output);
    const subtest = this.#failedSubtests.get(key);
    if (status === "failed" && subtest !== undefined) texts.message ??= `its subtest ${subtest} failed`;
    this.#writeTest(packagePath, name, { status, durationMs: seconds * 1000, ...texts });
  }

  #endPackage(packagePath, hasFailed, failedBuild, seconds) {
    const known = this.#package(packagePath);
    known.hasEnded = true;
    if (!hasFailed) return;
    for (const [name, { output }] of known.tests) {
      known.hasFailure = true;
      const { message, ...more } = explain(output);
      const text = ["did not end: the process of its package ended before", message].filter(Boolean).join("\n");
      this.#writeTest(packagePath, name, { status: "errored", durationMs: 0, ...more, message: text });
    }
    known.tests.clear();
    this.#hasFailure = true;
    if (known.hasFailure) return;
    const result = { status: "errored", durationMs: seconds * 1000 };
    if (failedBuild === undefined) this.#reportPackage(packagePath, { ...result, ...outsideTests(known.output) });
    // The compiler's words are on stderr, and may come later.
    else known.failure = () => ({ ...result, ...this.#buildFailure(failedBuild) });
  }

  #buildFailure(packagePath) {
    const details = this.#builds.get(String(packagePath).split(" ", 1)[0])?.output.trim() ?? "";
    const [message] = details.split("\n").filter((line) => line !== "" && !line.startsWith("# "));
    return { message: message ?? "it was not built, and go gave no reason", ...(details === "" ? {} : { details }) };
  }

  /** What concerns a package as a whole is reported under its directory. */
  #reportPackage(packagePath, result) {
    const directory = this.#files.directory(packagePath);
    const isElsewhere = directory !== undefined && directory !== process.cwd();
    const place = isElsewhere ? { file: directory, name: "" } : { name: packagePath };
    this.#write({ type: "test", suites: [], ...place, ...result });
  }

  #writeTest(packagePath, fullName, result) {
    const titles = fullName.split("/");
    const name = titles.pop();
    const place = this.#files.find(packagePath, titles[0] ?? name);
    const own = place ?? {};
    const { failedAt, ...texts } = result;
    const isHere = failedAt !== undefined && place !== undefined && place.file.endsWith(`/${failedAt.file}`);
    this.#write({ type: "test", suites: titles, name, ...own, ...(isHere ? { line: failedAt.line } : {}), ...texts });
  }
}

const newTest = () => ({ output: "" });

function entry(map, key, make) {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function append(holder, output) {
  holder.output = (holder.output + output).slice(-longestOutput);
}

/**
 * The texts of a test that did not pass. A panic says most; else what was logged last, which is what ended the test: Go does
 * not tell errors from what was only logged.
 */
function explain(output) {
  const text = output
    .split("\n")
    .filter((line) => !/^\s*(?:=== (?:RUN|PAUSE|CONT|NAME)|--- (?:PASS|FAIL|SKIP): )/.test(line))
    .join("\n")
    .trimEnd();
  if (text.trim() === "") return {};
  const panic = /^(?:panic|fatal error): .*/m.exec(text)?.[0];
  const entries = [...text.matchAll(/^ {4,}(\S+\.go):(\d+): /gm)];
  const last = entries.at(-1);
  const message = panic ?? (last ? text.slice(last.index + last[0].length) : text);
  const place = last ? { failedAt: { file: last[1], line: Number(last[2]) } } : {};
  return { message: unindent(message, last && !panic ? 1 : 0), details: unindent(text), ...place };
}

/** Without the indentation that all lines share, but for the first `from` ones. */
function unindent(text, from = 0) {
  const lines = text.split("\n");
  const widths = lines.slice(from).flatMap((line) => (line.trim() === "" ? [] : [line.search(/[^ ]/)]));
  const width = Math.min(...widths, 80);
  return lines
    .map((line, index) => (index < from ? line : line.slice(width)))
    .join("\n")
    .trim();
}

function outsideTests(output) {
  const lines = output.split("\n").filter((line) => line !== "" && !/^(?:PASS|FAIL\b.*|ok\s.*)$/.test(line));
  const details = lines.join("\n").trim();
  const last = lines.at(-1);
  const message =
    last === undefined ? "the package failed outside its tests" : `the package failed outside its tests: ${last}`;
  return { message, ...(details === "" ? {} : { details }) };
}
