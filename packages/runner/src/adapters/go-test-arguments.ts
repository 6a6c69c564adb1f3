import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { TestSelector } from "@netra-apex/core";
import { type Argument, parseArguments, type TakesValue } from "./argument-list.ts";

/** Flags of `go test` that take the next word too, without dashes and `test.` (`go help build`, `go help testflag`, 1.26). */
const valueFlags = new Set(
  `C asmflags bench benchtime blockprofile blockprofilerate buildmode compiler count covermode coverpkg coverprofile cpu
  cpuprofile exec fuzz fuzzminimizetime fuzztime gccgoflags gcflags installsuffix ldflags list memprofile memprofilerate mod
  modfile mutexprofile mutexprofilefraction o outputdir overlay p parallel pgo pkgdir run shuffle skip tags timeout
  toolexec trace vet`.split(/\s+/),
);

/** `--test.run`, `-test.run` and `-run` are all `run`. */
export function goFlagName(option: string): string {
  return option.replace(/^--?(?:test\.)?/, "");
}

const takesGoValue: TakesValue = (option) => valueFlags.has(goFlagName(option));

/** Reads what follows `go test`; `rest` begins with `-args`, if that is there. */
export function parseGoTestArguments(words: readonly string[]): { args: Argument[]; rest: string[] } {
  const end = words.findIndex((word) => word === "-args" || word === "--args");
  const { args, rest } = parseArguments(end === -1 ? words : words.slice(0, end), takesGoValue);
  return { args, rest: [...rest, ...(end === -1 ? [] : words.slice(end))] };
}

/** What of a module runs the selected tests. */
export interface GoSelection {
  /** Absent: those of the command. */
  readonly packages?: readonly string[];
  /** The value of `-run`; absent: everything in the packages. */
  readonly run?: string;
}

/** Go's `-run` matches level by level, so the tests that run may be more than those selected: other combinations of the names. */
export function selectGoTests(selectors: readonly TestSelector[], cwd: string): GoSelection {
  const packages = new Set<string>();
  const paths: string[][] = [];
  let needsEverything = false;
  for (const { file, path: titles } of selectors) {
    const isWhole = titles.length === 0 || (titles.length === 1 && titles[0] === file);
    // A package is reported under its directory, or under its own name where it is the working directory.
    const isPackageName = file === "" && titles.length === 1 && /[./]/.test(titles[0] ?? "");
    packages.add(isPackageName ? (titles[0] ?? "") : packageOf(file, cwd));
    if (isPackageName) needsEverything = true;
    else if (!isWhole) paths.push(titles.flatMap((title) => title.split("/")));
    else if (isTestFile(file)) paths.push(...testFunctions(path.resolve(cwd, file)).map((name) => [name]));
    else needsEverything = true;
  }
  return {
    ...(packages.has("") ? {} : { packages: [...packages] }),
    ...(needsEverything ? {} : { run: runPattern(paths) }),
  };
}

/** Go takes a directory for a package if it begins with a dot. */
function packageOf(file: string, cwd: string): string {
  if (file === "") return "";
  const absolute = path.resolve(cwd, file);
  const directory = isDirectory(absolute) ? absolute : path.dirname(absolute);
  const relative = path.relative(cwd, directory).replaceAll(path.sep, "/");
  return relative.startsWith("..") ? relative : `./${relative}`;
}

/**
 * A pattern with one alternative of names for each level. A test whose subtest is also selected is reached through that one;
 * where the rest differ in depth, the deeper levels run whole.
 */
function runPattern(paths: readonly (readonly string[])[]): string {
  const whole = new Set(paths.map((titles) => titles.join("/")));
  const parents = new Set(paths.flatMap((titles) => titles.map((_, level) => titles.slice(0, level).join("/"))));
  const leaves = [...whole].filter((text) => !parents.has(text)).map((text) => text.split("/"));
  const depth = Math.min(...leaves.map(({ length }) => length));
  const levels = Array.from({ length: Number.isFinite(depth) ? depth : 0 }, (_, level) => {
    const names = [...new Set(leaves.map((titles) => escapeRe2(titles[level] ?? "")))];
    return names.length === 1 ? `^${names[0]}$` : `^(?:${names.join("|")})$`;
  });
  // A file without tests runs none.
  return levels.length === 0 ? "^$" : levels.join("/");
}

function escapeRe2(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}

function isTestFile(file: string): boolean {
  return file.endsWith("_test.go");
}

function testFunctions(file: string): string[] {
  try {
    return [...readFileSync(file, "utf8").matchAll(/^func ((?:Test|Example|Fuzz)\w*)\(/gm)].map(
      ([, name = ""]) => name,
    );
  } catch {
    return [];
  }
}

function isDirectory(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
