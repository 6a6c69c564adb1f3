import type { FinishedNode } from "../node-view.ts";
import type { RunView } from "../run-view.ts";
import { categoryTaskOf } from "./category.ts";
import { earlierAttemptLines, testLines } from "./attempt-lines.ts";
import { cleanLine, cleanTail } from "./clean-text.ts";
import { formatDuration } from "./durations.ts";
import { limitText } from "./limit-lines.ts";
import { leakText } from "./notice-rows.ts";
import { outcomeMark, outcomeSentence } from "./outcome-text.ts";
import type { Palette } from "./palette.ts";
import { outageText } from "./service-text.ts";
import { rerunCommand } from "./rerun-command.ts";
import { isFileItself, testPlace } from "./test-title.ts";
import { timeSpentLines } from "./time-spent.ts";

const shownTests = 20;
const shownOutputLines = 40;

/** How a block is drawn, beside its content. */
export interface BlockStyle {
  readonly palette: Palette;
  /** The program and its flags that a rerun starts with. */
  readonly rerunPrefix: readonly string[];
}

/** A node that did not pass: why, its failed tests or the end of its output, its log, and how to run it again. */
export function failureBlock(view: RunView, node: FinishedNode, { palette, rerunPrefix }: BlockStyle): string[] {
  const task = categoryTaskOf(view.planNodes.get(node.id));
  const place = testPlace(view, node);
  const attempts = node.attempts > 1 ? ` (${node.attempts} attempts)` : "";
  const mark = outcomeMark(node.outcome, false, palette);
  const head = `${mark} ${palette.strong(cleanLine(node.id, 60))}  ${outcomeSentence(node.outcome)}${attempts}`;
  const tests = node.failedTests.slice(0, shownTests).map((test) => testLines(test, place, palette));
  const hidden = Math.max(node.counts.failed, node.failedTests.length) - tests.length;
  // A flaky node's last output is that of a pass.
  const isExplained = (tests.length > 0 && !node.failedTests.some(isFileItself)) || isOnlyFlaky(node);
  const category = task?.category ?? (view.planNodes.get(node.id)?.parts ? node.id : undefined);
  const rerun = category === undefined ? undefined : rerunCommand(category, node, rerunPrefix, task?.shard);
  const paragraphs = [
    [head],
    ...[...tests, ...(isExplained ? [] : [outputLines(node, palette)])].map(indent),
    indent(tests.length > 0 && hidden > 0 ? [palette.dim(`… and ${hidden} more failed`)] : []),
    ...earlierAttemptLines(view, node, palette).map(indent),
    indent(timeSpentLines(view, node, palette)),
    indent(factLines(node, palette, rerun)),
  ];
  return paragraphs.filter((lines) => lines.length > 0).flatMap((lines, index) => (index > 0 ? ["", ...lines] : lines));
}

function isOnlyFlaky({ flaky, counts, outcome }: FinishedNode): boolean {
  return flaky && counts.failed === 0 && outcome.status === "failed";
}

/** Work that was ended on purpose explains nothing by its last lines. */
function outputLines({ outcome, evidence, outputTail }: FinishedNode, palette: Palette): string[] {
  if (outcome.status === "cancelled") return [];
  const lines = cleanTail(evidence?.outputTail ?? outputTail, shownOutputLines);
  return lines.map((line) => `${palette.dim("│")} ${line}`.trimEnd());
}

function factLines({ evidence, failedTests }: FinishedNode, palette: Palette, rerun: string | undefined): string[] {
  const { leaked = [], survivors = [], outages = [], limits, ended } = evidence ?? {};
  const facts: [string, string | undefined][] = [
    ["ran", failedTests.length > 0 ? undefined : cleanLine(evidence?.command ?? "")],
    ["left", leaked.length > 0 ? leakText(leaked).replace(/^left /, "") : undefined],
    ["alive", survivors.length > 0 ? survivors.map((command) => cleanLine(command, 80)).join(", ") : undefined],
    ["ended", ended && `by ${ended.by === "term" ? "SIGTERM" : "SIGKILL"} within ${formatDuration(ended.afterMs)}`],
    ...outages.map((outage): [string, string] => ["down", outageText(outage)]),
    ["limit", limits && limitText(limits)],
    ["log", cleanLine(evidence?.logFile ?? "")],
    // Holds nothing unsafe, and must stay as it is to be copied.
    ["rerun", rerun],
  ];
  return facts.flatMap(([label, text]) => (text ? [`${palette.dim(label.padEnd(5))}  ${text}`] : []));
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === "" ? "" : `  ${line}`));
}
