import type { TestResult } from "@netra-apex/core";
import { DeclaredCounts } from "./declared-counts.ts";
import { failureText } from "./failure-text.ts";

/** One `<testcase>`. */
export interface JUnitCase {
  readonly name: string;
  readonly classname?: string;
  /** The `file` attribute of the case or of the nearest suite that has one. */
  readonly file?: string;
  readonly line?: number;
  readonly durationMs: number;
  /** Names of the enclosing `<testsuite>`s, outermost first. */
  readonly suites: readonly string[];
  readonly status: TestResult["status"];
  /** The `type` attribute of the failure, the error or the skip. */
  readonly type?: string;
  readonly message?: string;
  readonly details?: string;
  /** It has passed, after `<flakyFailure>` or `<flakyError>`. */
  readonly isFlaky: boolean;
  /** How many tries there were beside the one that decided. */
  readonly rerunCount: number;
}

type Verdict = "failure" | "error" | "skipped" | "flaky" | "rerun";

/** What a child of `<testcase>` says about it. A `<rerunFailure>` is one more try that failed: what else is there decides. */
const verdicts: ReadonlyMap<string, Verdict> = new Map([
  ["failure", "failure"],
  ["error", "error"],
  ["skipped", "skipped"],
  ["flakyFailure", "flaky"],
  ["flakyError", "flaky"],
  ["rerunFailure", "rerun"],
  ["rerunError", "rerun"],
]);

/** What some writers say of a failed test in an attribute alone. */
const failedStatuses: ReadonlySet<string> = new Set(["failed", "fail", "failure", "error"]);

const offStatuses = new Set(["disabled", "notrun", "ignored", "skipped"]);

const printedElements = new Set(["system-out", "system-err"]);

type Attributes = Readonly<Record<string, string>>;
interface Note {
  readonly attributes: Attributes;
  text: string;
}

/** Turns the elements of a JUnit report into cases. The text that it keeps of each is bounded. */
export class JUnitCollector {
  readonly cases: JUnitCase[] = [];
  readonly #declared = new DeclaredCounts();
  readonly #suites: Attributes[] = [];
  #case: Attributes | undefined;
  /** How many elements are open inside the case: only its direct children say how it ended. */
  #level = 0;
  /** How many of them hold what a test printed, which is no part of its failure. */
  #printed = 0;
  #notes = new Map<Verdict, Note>();
  #rerunCount = 0;
  #open: Note | undefined;
  /** What failed is a suite, not a test in it. */
  #openElement: "failure" | "error" | undefined;

  open(element: string, attributes: Attributes): void {
    if (this.#case) {
      this.#level += 1;
      if (printedElements.has(element)) this.#printed += 1;
      const verdict = this.#level === 1 ? verdicts.get(element) : undefined;
      if (verdict === undefined) return;
      this.#open = { attributes, text: "" };
      if (!this.#notes.has(verdict)) this.#notes.set(verdict, this.#open);
      if (verdict === "flaky" || verdict === "rerun") this.#rerunCount += 1;
    } else if (element === "testcase") {
      this.#case = attributes;
      this.#notes = new Map();
      this.#rerunCount = 0;
    } else if (element === "testsuites") this.#declared.openSuite(ownCopy(attributes), this.cases.length);
    else if (element === "testsuite") {
      const own = ownCopy(attributes);
      this.#suites.push(own);
      this.#declared.openSuite(own, this.cases.length);
    } else if (this.#suites.length > 0 && (element === "failure" || element === "error")) {
      this.#openElement = element;
      this.#open = { attributes, text: "" };
    }
  }

  /** What the report declares of itself and does not hold; known once it is read. */
  get contradiction(): string | undefined {
    return this.#declared.contradiction;
  }

  text(text: string): void {
    if (this.#open && this.#printed === 0) this.#open.text += text;
  }

  close(element: string): void {
    if (!this.#case) {
      if (element === "testsuite") this.#suites.pop();
      if (element === "testsuite" || element === "testsuites") this.#declared.closeSuite(this.cases);
      else if (this.#open && element === this.#openElement) this.#endSuiteFailure();
    } else if (this.#level > 0) {
      this.#level -= 1;
      if (printedElements.has(element)) this.#printed -= 1;
      if (this.#level === 0) this.#open = undefined;
    } else {
      this.cases.push(this.#read(this.#case));
      this.#case = undefined;
    }
  }

  /** What failed outside the tests of a suite counts as a test of the suite's name. */
  #endSuiteFailure(): void {
    this.#notes = new Map([["error", this.#open ?? { attributes: {}, text: "" }]]);
    this.#rerunCount = 0;
    this.#open = undefined;
    const suite = this.#suites.pop() ?? {};
    this.cases.push(
      this.#read({ name: suite["name"] ?? "", ...(suite["file"] === undefined ? {} : { file: suite["file"] }) }),
    );
    this.#suites.push(suite);
  }

  #read(written: Attributes): JUnitCase {
    const attributes = ownCopy(written);
    const status = this.#status(attributes);
    const note = this.#notes.get(verdictOf(status));
    const file = attributes["file"] ?? this.#suites.findLast((suite) => suite["file"] !== undefined)?.["file"];
    const { classname } = attributes;
    const line = Number(attributes["line"]);
    const type = note === undefined ? undefined : ownCopy(note.attributes)["type"];
    return {
      name: attributes["name"] ?? "",
      durationMs: milliseconds(attributes["time"]),
      suites: this.#suites.map((suite) => suite["name"] ?? ""),
      status,
      isFlaky: status === "passed" && this.#notes.has("flaky"),
      rerunCount: this.#rerunCount,
      ...(classname === undefined ? {} : { classname }),
      ...(file === undefined ? {} : { file }),
      ...(Number.isInteger(line) && line > 0 ? { line } : {}),
      ...(type === undefined ? {} : { type }),
      ...(note ? noteText(note, attributes["name"]) : {}),
    };
  }

  /** A todo may fail without failing the run: Node says both of it. */
  #status(attributes: Attributes): TestResult["status"] {
    const skipped = this.#notes.get("skipped");
    if (skipped?.attributes["type"] === "todo") return "todo";
    if (this.#notes.has("error")) return "errored";
    if (this.#notes.has("failure")) return "failed";
    // CTest and GoogleTest have nothing but an attribute for tests that are switched off.
    if (failedStatuses.has(attributes["status"] ?? "") && !skipped) return "failed";
    const isOff = offStatuses.has(attributes["status"] ?? "") || attributes["result"] === "suppressed";
    return skipped || isOff ? "skipped" : "passed";
  }
}

function verdictOf(status: TestResult["status"]): Verdict {
  switch (status) {
    case "failed":
      return "failure";
    case "errored":
      return "error";
    case "skipped":
    case "todo":
      return "skipped";
    case "passed":
      return "flaky";
    default:
      return status satisfies never;
  }
}

/** The message is an attribute, or the first line of the text that is not just the test's name, as PHPUnit's is. */
function noteText({ attributes, text }: Note, name = ""): Pick<TestResult, "message" | "details"> {
  const details = text.trim();
  const [first = "", second] = details.split("\n", 2);
  const message = attributes["message"] || (name !== "" && first.endsWith(`::${name}`) ? second || first : first);
  return ownCopy(failureText(message, details === "" ? message : details));
}

/** The same texts, cut loose from the piece of the file of which they are parts and which they would keep in memory. */
function ownCopy<Texts extends Readonly<Record<string, string>>>(texts: Texts): Texts;
function ownCopy(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString()]));
}

/**
 * Seconds. Some writers use the machine's locale: the mark that comes last is the decimal one, unless it is there more than
 * once; so "1,234.5" and "1.234,5" are the same, and "0,123" is less than a second.
 */
function milliseconds(seconds = "0"): number {
  const text = seconds.replaceAll(/[\s'\u00A0\u202F]/g, "");
  const decimal = text.lastIndexOf(",") > text.lastIndexOf(".") ? "," : ".";
  const isGrouping = text.split(decimal).length > 2;
  const plain = text.replaceAll(/[.,]/g, (mark) => (mark === decimal && !isGrouping ? "." : ""));
  const value = Number(plain) * 1000;
  return Number.isFinite(value) && value >= 0 ? value : 0;
}
