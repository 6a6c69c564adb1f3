import { readFile } from "node:fs/promises";
import type { TestResult } from "@netra-apex/core";
import * as z from "zod/mini";
import { ListFailedError } from "./adapter-errors.ts";
import type { JUnitCase } from "./junit-collector.ts";
import { readJUnit } from "./junit.ts";
import { numbered } from "./numbered-tests.ts";
import type { TestList, TestReport } from "./test-framework-adapter.ts";

/** Reads the JUnit report of nextest. It names binaries and Rust paths, no files. */
export async function readNextestReport(reportFile: string): Promise<TestReport> {
  const { cases, completeness, problem } = await readJUnit(reportFile);
  // Setup scripts are in the report as tests; one that failed is worth knowing.
  const tests = cases.filter(
    ({ suites: [suite = ""], status }) => !suite.startsWith("@setup-script:") || status !== "passed",
  );
  const why =
    completeness === "missing"
      ? "nextest wrote no report: it ended before its tests had, or nothing could be built"
      : problem;
  return {
    completeness,
    tests: numbered(tests.map((testCase) => readCase(testCase))),
    ...(why === undefined ? {} : { problem: why }),
  };
}

function readCase({
  name,
  classname,
  suites: [suite = ""],
  status,
  durationMs,
  details,
  message,
  isFlaky,
  rerunCount,
}: JUnitCase): TestResult {
  const titles = titlesOf(classname ?? suite, name);
  // The first line of a panic is where it was.
  const panicked = /panicked at [^\n]+:\d+:\d+:\n([\s\S]*?)(?:\nnote: |\n*$)/.exec(details ?? "")?.[1];
  const said = panicked ?? message;
  return {
    id: titles.join(" > "),
    name: titles.at(-1) ?? name,
    suites: titles.slice(0, -1),
    durationMs,
    status,
    ...(said === undefined ? {} : { message: said }),
    ...(details === undefined ? {} : { details }),
    ...(isFlaky ? { flaky: true } : {}),
    ...(rerunCount === 0 ? {} : { retries: rerunCount }),
  };
}

function titlesOf(binaryId: string, name: string): string[] {
  return [...binaryId.split("::"), ...name.split("::")];
}

/** `cargo nextest list --message-format json`; see the crate nextest-metadata. */
function listSchema() {
  const testCase = z.object({ ignored: z.boolean(), "filter-match": z.object({ status: z.string() }) });
  return z.object({ "rust-suites": z.record(z.string(), z.object({ testcases: z.record(z.string(), testCase) })) });
}

/** Finds the list in what nextest wrote to stdout and stderr. Throws `ListFailedError`. */
export async function readNextestList(logFile: string): Promise<TestList> {
  const lines = (await readFile(logFile, "utf8")).split("\n");
  const json = lines.findLast((line) => line.startsWith("{"));
  const parsed = json === undefined ? undefined : listSchema().safeParse(parseJson(json));
  if (!parsed?.success) {
    const why = lines.findLast((line) => line.startsWith("error"));
    throw new ListFailedError("cargo nextest", why ?? "there is no list in what it wrote");
  }
  const ids = Object.entries(parsed.data["rust-suites"]).flatMap(([binaryId, { testcases }]) =>
    Object.entries(testcases)
      .filter(([, testCase]) => !testCase.ignored && testCase["filter-match"].status === "matches")
      .map(([name]) => titlesOf(binaryId, name).join(" > ")),
  );
  return { of: "tests", ids };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
