import { describeThrown } from "@netra-apex/core";
import { SaxesParser } from "saxes";
import { decodedChunks } from "./decode-text.ts";
import { type JUnitCase, JUnitCollector } from "./junit-collector.ts";
import type { TestReport } from "./test-framework-adapter.ts";
import { XmlClipper } from "./xml-clipper.ts";

/** A JUnit XML report as it stands in the file; what names and classes mean is for each framework's adapter to know. */
export interface JUnitReport extends Pick<TestReport, "completeness" | "problem"> {
  readonly cases: readonly JUnitCase[];
}

/**
 * What real reports contain although XML forbids it: Node writes escape characters and `]]>` as they come, others write bare
 * ampersands. None of it makes the structure doubtful. Entities that a DTD defines are undefined here too, and stay as
 * written: nothing is ever expanded.
 */
const harmless = [
  "disallowed character.",
  'the string "]]>" is disallowed in char data.',
  "undefined entity.",
  "malformed character entity.",
  "disallowed character in entity name.",
  "empty entity name.",
];

/** Real reports nest a handful of suites; what goes deeper is no report, and is not worth the memory. */
const deepestNesting = 256;

/** Reads a JUnit report piece by piece. Never throws: a report that breaks off is `truncated` and keeps what came before. */
export async function readJUnit(reportFile: string): Promise<JUnitReport> {
  const collector = new JUnitCollector();
  const reader = createReader(collector);
  const clipper = new XmlClipper();
  try {
    for await (const chunk of decodedChunks(reportFile)) {
      reader.write(clipper.clip(chunk));
      if (reader.problem() !== undefined) break;
    }
    reader.write(clipper.end());
    reader.close();
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const problem = isMissing ? "the command wrote no report" : `the report cannot be read: ${describeThrown(error)}`;
    return { completeness: isMissing ? "missing" : "truncated", cases: collector.cases, problem };
  }
  const problem = reader.problem();
  const { contradiction } = collector;
  if (problem === undefined && contradiction !== undefined) {
    return { completeness: "truncated", cases: collector.cases, problem: contradiction };
  }
  if (problem === undefined) return { completeness: "complete", cases: collector.cases };
  return { completeness: "truncated", cases: collector.cases, problem };
}

/** A SAX parser that feeds the collector, and remembers the first thing that is wrong. */
function createReader(collector: JUnitCollector) {
  const parser = new SaxesParser();
  let depth = 0;
  let isEmpty = true;
  let hasEnded = false;
  let problem: string | undefined;
  const isUsable = (): boolean => problem === undefined;

  parser.on("error", ({ message }) => {
    // After the root's end, and once something is wrong, whatever follows is of no interest.
    if (hasEnded || harmless.some((text) => message.endsWith(text))) return;
    problem ??= isEmpty ? "the report is no XML" : `the report breaks off or is not well-formed (${message})`;
  });
  parser.on("opentag", ({ name, attributes }) => {
    isEmpty = false;
    depth += 1;
    if (depth === 1 && name !== "testsuites" && name !== "testsuite")
      problem ??= `the report is no JUnit report: it begins with <${name}>`;
    if (depth > deepestNesting) problem ??= `the report nests deeper than ${deepestNesting} elements`;
    if (isUsable()) collector.open(name, attributes);
  });
  parser.on("text", (text) => isUsable() && collector.text(text));
  parser.on("cdata", (text) => isUsable() && collector.text(text));
  parser.on("closetag", ({ name }) => {
    depth -= 1;
    if (isUsable()) collector.close(name);
    if (depth === 0) hasEnded = true;
  });

  return {
    write: (chunk: string) => void parser.write(chunk),
    problem: () => problem,
    close(): void {
      if (hasEnded || problem !== undefined) return;
      problem = isEmpty ? "the report is empty or no XML" : "the report breaks off before its end";
    },
  };
}
