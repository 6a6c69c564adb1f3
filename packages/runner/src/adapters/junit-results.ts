import { existsSync } from "node:fs";
import path from "node:path";
import type { TestResult } from "@netra-apex/core";
import type { JUnitCase } from "./junit-collector.ts";

/**
 * Test results of JUnit cases whose writer is not known. Suites are those of the report, then the class where it says more; a
 * suite or class that is a file of the project becomes the file.
 */
export class JUnitResults {
  readonly #cwd: string;
  readonly #isFile = new Map<string, boolean>();

  /** `cwd` is what files are made relative to. */
  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  read({
    name: writtenName,
    classname: writtenClass,
    suites: writtenSuites,
    file,
    line,
    status,
    isFlaky,
    rerunCount,
    durationMs,
    ...texts
  }: JUnitCase): TestResult {
    // Node writes the class "test" for every test, and escapes quotes twice.
    const classname = writtenClass === "test" ? undefined : writtenClass;
    const [title = "", ...written] = [writtenName, ...writtenSuites].map((text) => text.replaceAll("&quot;", '"'));
    const name = title === "" ? (classname ?? "") || "unnamed test" : title;
    const titles = [
      ...written,
      ...(classname === undefined || isRepeated(classname, [...written, name]) ? [] : [classname]),
    ];
    const named = file ?? titles.find((text) => this.#isProjectFile(text));
    const shownFile = named === undefined ? undefined : this.#relative(named);
    const suites = titles.filter(
      (text, index) => text !== "" && text !== named && text !== name && titles.indexOf(text) === index,
    );
    return {
      id: [...(shownFile === undefined ? [] : [shownFile]), ...suites, name].join(" > "),
      name,
      suites,
      durationMs,
      status,
      ...(shownFile === undefined ? {} : { file: shownFile }),
      ...(line === undefined ? {} : { line: written[0] === "pytest" ? line + 1 : line }),
      // A reason that nobody gave is "true" in Node's reports.
      ...(texts.message === undefined || texts.message === "true" ? {} : { message: texts.message }),
      ...(texts.details === undefined ? {} : { details: texts.details }),
      ...(isFlaky ? { flaky: true } : {}),
      ...(rerunCount === 0 ? {} : { retries: rerunCount }),
    };
  }

  #relative(file: string): string {
    return path.relative(this.#cwd, path.resolve(this.#cwd, file)).replaceAll(path.sep, "/");
  }

  /** Only what looks like one is looked for: a report may have as many classes as tests. */
  #isProjectFile(title: string): boolean {
    if (!/^[^\n<>"|?*]{1,300}\.\w{1,5}$/.test(title) || !/[/\\]|\.[cm]?[jt]sx?$/.test(title)) return false;
    const known = this.#isFile.get(title);
    if (known !== undefined) return known;
    const isFile = existsSync(path.resolve(this.#cwd, title));
    this.#isFile.set(title, isFile);
    return isFile;
  }
}

/** Whether a class is what a suite or the test is called anyway; PHPUnit writes the one with dots. */
function isRepeated(classname: string, titles: readonly string[]): boolean {
  const dotted = (text: string): string => text.replaceAll("\\", ".");
  return titles.some(
    (title, index) => dotted(title) === dotted(classname) || (index === titles.length - 1 && title.endsWith(classname)),
  );
}
