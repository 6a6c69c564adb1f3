import { formatDuration as formatLimit } from "@netra-apex/core";
import { cleanBlock, cleanLine } from "../render/clean-text.ts";
import { formatDuration } from "../render/durations.ts";
import { outcomeSentence } from "../render/outcome-text.ts";
import { effectiveNodes } from "../report/complete-report.ts";
import { codeBlock, codeCell, codeSpan, htmlText, plainText, table } from "../report/markdown/markdown-text.ts";
import { type ResolvedRenderOptions, rerunLine } from "../report/render-options.ts";
import { codeText, countsText, verdictWord } from "../report/report-texts.ts";
import { outageNotes } from "../report/service-facts.ts";
import type { EventRef, FailureGroup, ReportedTest, RunReport, TestMention } from "../report/run-report.ts";
import type { AnnotationLimits } from "./annotations.ts";
import type { Block } from "./fit-blocks.ts";

const shownCauses = 200;
const shownTestsOfCause = 20;
const shownMessageLines = 15;
const shownCommands = 10;

/**
 * The page of a step: the verdict and its numbers, what failed by cause with the commands that run it again, and what else a
 * reviewer asks, folded. A green run's is a heading, a line and a table.
 */
export function jobSummary(report: RunReport, left: AnnotationLimits, options: ResolvedRenderOptions): Block[] {
  return [
    headBlock(report, left),
    failureBlock(report),
    commandBlock(report, options),
    layerBlock(report),
    flakyBlock(report, options),
    noticeBlock(report),
    nodeBlock(report),
    slowestBlock(report, options),
  ].filter(({ head, rows }) => rows.length > 0 || head.length > 0);
}

const none: Block = { what: "", head: [], rows: [], tail: [] };

function headBlock({ runs, verdict, summary }: RunReport, left: AnnotationLimits): Block {
  const mark = verdict.exitCode === 0 ? "✅" : verdict.outcome.status === "failed" ? "❌" : "⚠️";
  const [run] = runs;
  const about = [
    countsText(summary.counts),
    formatDuration(summary.durationMs),
    ...(summary.retries > 0 ? [`${summary.retries} ${summary.retries === 1 ? "retry" : "retries"}`] : []),
  ];
  const of = [
    ...(run ? [`run ${plainText(run.runId)}`, `environment ${plainText(run.environment)}`] : []),
    ...(run?.shard ? [`shard ${run.shard.index}/${run.shard.total} only`] : []),
    ...(run?.code ? [`code ${plainText(codeText(run.code))}`] : []),
  ];
  const open = verdict.criteria.filter(({ status, isDecisive }) => status === "not-met" && isDecisive);
  const doubts = open.map(({ title, detail }) => cleanLine(`${title}: ${detail}`, 300)).join("; ");
  const reason =
    verdict.outcome.status === "passed" && doubts !== "" ? `not met: ${doubts}` : outcomeSentence(verdict.outcome);
  const unshown = [
    ...(left.error > 0 ? [`${left.error} ${left.error === 1 ? "error" : "errors"}`] : []),
    ...(left.warning > 0 ? [`${left.warning} ${left.warning === 1 ? "warning" : "warnings"}`] : []),
  ];
  return {
    what: "facts",
    head: [
      `## ${mark} apex: ${verdictWord(verdict)}`,
      "",
      ...(verdict.exitCode === 0 ? [] : [`**${plainText(reason)}** (exit code ${verdict.exitCode})`, ""]),
      `${about.join(" · ")}  `,
      of.join(", "),
      ...(unshown.length > 0
        ? ["", `> ${unshown.join(" and ")} without an annotation: GitHub takes ten of each from a step.`]
        : []),
    ],
    rows: [],
    tail: [],
  };
}

function failureBlock(report: RunReport): Block {
  const { failures, tests } = report;
  if (failures.length === 0) return none;
  const outagesOf = outageNotes(report);
  const bySeq = new Map(tests.map((test) => [refKey(test), test]));
  return {
    what: "causes of failures",
    head: ["### Failures by cause"],
    rows: failures
      .slice(0, shownCauses)
      .map((group, index) => causeRow(group, { tests: bySeq, outagesOf, isOpen: index === 0 })),
    tail: failures.length > shownCauses ? ["", `and ${failures.length - shownCauses} more causes`] : [],
  };
}

function causeRow(
  group: FailureGroup,
  {
    tests,
    outagesOf,
    isOpen,
  }: {
    readonly tests: ReadonlyMap<string, ReportedTest>;
    readonly outagesOf: (test: ReportedTest) => readonly string[];
    readonly isOpen: boolean;
  },
): string[] {
  const { cause, count, failureClass, example, nodes } = group;
  const kind = failureClass === undefined ? "" : ` <i>(${failureClass})</i>`;
  const first = group.tests[0] && tests.get(refKey(group.tests[0]));
  const text = cleanBlock(first?.details ?? first?.message ?? example, shownMessageLines);
  const places = [
    ...group.tests.map((test) => `- ${plainText(test.title)} in ${plainText(test.nodeId)}${place(test, codeSpan)}`),
    ...nodes.map(({ nodeId }) => `- ${plainText(nodeId)}`),
  ];
  const more = places.length - shownTestsOfCause;
  return [
    "",
    `<details${isOpen ? " open" : ""}><summary><b>${count} ×</b> ${htmlText(cause, 200)}${kind}</summary>`,
    "",
    ...places.slice(0, shownTestsOfCause),
    ...(more > 0 ? [`- and ${more} more`] : []),
    "",
    ...(text.length > 0 ? [...codeBlock(text), ""] : []),
    ...(first ? outagesOf(first) : []).flatMap((note) => [plainText(note), ""]),
    "</details>",
  ];
}

function commandBlock({ nodes }: RunReport, options: ResolvedRenderOptions): Block {
  const broken = effectiveNodes(nodes).filter(
    ({ outcome, isWhole }) => !isWhole && outcome !== undefined && !["passed", "skipped"].includes(outcome.status),
  );
  const commands = [...new Set(broken.flatMap(({ rerun }) => rerunLine(rerun, options) ?? []))];
  if (commands.length === 0) return none;
  const more = commands.length - shownCommands;
  return {
    what: "commands",
    head: [
      "### Run it again",
      "",
      ...codeBlock(commands.slice(0, shownCommands)),
      ...(more > 0 ? ["", `and ${more} more categories`] : []),
    ],
    rows: [],
    tail: [],
  };
}

function layerBlock({ layers }: RunReport): Block {
  const rows = layers.map(({ name, outcome, startMs, durationMs, budgetMs, isBreached, counts }) => [
    plainText(name),
    plainText(outcome ? outcomeSentence(outcome) : "no end is recorded", 200),
    startMs === undefined ? "–" : formatDuration(durationMs),
    budgetMs === undefined ? "–" : `${formatLimit(budgetMs)}${isBreached ? " ✗ exceeded" : ""}`,
    String(counts.total),
    String(counts.failed),
  ]);
  return tableBlock("layers", [], ["layer", "outcome", ">time", ">budget", ">tests", ">failed"], rows, []);
}

function flakyBlock({ flakyTests }: RunReport, { mostRows }: ResolvedRenderOptions): Block {
  const rows = flakyTests.map((test) => [plainText(test.title), `${plainText(test.nodeId)}${place(test, codeCell)}`]);
  return shorten(tableBlock("flaky tests", ["### Flaky tests", ""], ["test", "where"], rows, []), mostRows);
}

function noticeBlock({ actions }: RunReport): Block {
  const rows = actions.filter(({ priority }) => priority === "P1").map(({ what }) => [`- ${plainText(what, 300)}`]);
  if (rows.length === 0) return none;
  return shorten({ what: "notes", head: ["### Worth a look", ""], rows, tail: [] }, 30);
}

function nodeBlock({ nodes }: RunReport): Block {
  const rows = effectiveNodes(nodes)
    .toSorted((left, right) => rank(left) - rank(right))
    .map(({ id, outcome, durationMs, attempts, counts, evidence, flaky }) => [
      plainText(id),
      `${plainText(outcome ? outcomeSentence(outcome) : "no end is recorded", 200)}${flaky ? ", flaky" : ""}`,
      formatDuration(durationMs),
      String(attempts.length),
      String(counts.total),
      evidence?.logFile === undefined ? "–" : codeCell(evidence.logFile),
    ]);
  return folded("categories", "Categories", ["category", "outcome", ">time", ">attempts", ">tests", "log"], rows);
}

/** What failed comes first, what was left out last. */
function rank({ outcome }: RunReport["nodes"][number]): number {
  if (outcome?.status === "passed") return 1;
  return outcome?.status === "skipped" ? 2 : 0;
}

function slowestBlock({ slowestTests }: RunReport, { mostRows }: ResolvedRenderOptions): Block {
  const rows = slowestTests.map((test) => [
    formatDuration(test.durationMs),
    plainText(test.title),
    `${plainText(test.nodeId)}${place(test, codeCell)}`,
  ]);
  return shorten(folded("slowest tests", "Slowest tests", [">time", "test", "where"], rows), mostRows);
}

function folded(what: string, title: string, heads: readonly string[], rows: readonly (readonly string[])[]): Block {
  const head = [`<details><summary>${title} (${rows.length})</summary>`, ""];
  return tableBlock(what, head, heads, rows, ["", "</details>"]);
}

function tableBlock(
  what: string,
  before: readonly string[],
  heads: readonly string[],
  cells: readonly (readonly string[])[],
  tail: readonly string[],
): Block {
  if (cells.length === 0) return none;
  const [head = "", align = "", ...rows] = table(heads, cells);
  return { what, head: [...before, head, align], rows: rows.map((row) => [row]), tail };
}

function shorten(block: Block, most: number): Block {
  const more = block.rows.length - most;
  if (more <= 0) return block;
  return { ...block, rows: block.rows.slice(0, most), tail: ["", `and ${more} more`, ...block.tail] };
}

function place({ file, line }: TestMention, code: (text: string) => string): string {
  if (file === undefined || file === "") return "";
  return `, ${code(cleanLine(line === undefined ? file : `${file}:${line}`, 300))}`;
}

function refKey({ runId, seq }: EventRef): string {
  return `${runId} ${seq}`;
}
