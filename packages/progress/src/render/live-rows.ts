import type { TestCounts } from "@netra-apex/core";
import type { FinishedNode, RunningNode } from "../node-view.ts";
import { cleanLine, cleanOutputLine } from "./clean-text.ts";
import { progressParts } from "./counts.ts";
import { formatDuration, formatElapsed } from "./durations.ts";
import { outcomeMark, outcomeSentence } from "./outcome-text.ts";
import type { Palette } from "./palette.ts";
import type { Segment } from "./segments.ts";
import { spinnerAt } from "./spinner.ts";

/** One node in the live region, its columns still apart so that those of all nodes can be aligned. */
export interface LiveRow {
  /** One cell wide, already marked up. */
  readonly mark: string;
  readonly name: string;
  readonly time: string;
  readonly tests: readonly Segment[];
  /** The last line of output, or why the node did not pass. */
  readonly remark: string;
  /** Passed without anything to tell: the first to go when the terminal is low. */
  readonly isDispensable: boolean;
}

export function runningRow(node: RunningNode, nowMs: number, frame: number, palette: Palette): LiveRow {
  const attempt = node.attempt > 1 ? [{ text: `attempt ${node.attempt}` }] : [];
  const tests = node.isBackingOff ? [{ text: "waits to try again" }] : testSegments(node.counts, palette);
  const lastLine = lastOutputLine(node.outputTail);
  return {
    mark: node.isBackingOff ? palette.warn("↻") : spinnerAt(frame),
    name: cleanLine(node.id, 40),
    time: formatElapsed(nowMs - node.startedAtMs),
    tests: commaSeparated([...attempt, ...tests]),
    remark: lastLine === "" ? "" : `│ ${lastLine}`,
    isDispensable: false,
  };
}

export function finishedRow(node: FinishedNode, palette: Palette): LiveRow {
  const { id, outcome, flaky, durationMs, counts } = node;
  return {
    mark: outcomeMark(outcome, flaky, palette),
    name: cleanLine(id, 40),
    time: formatDuration(durationMs),
    tests: commaSeparated(testSegments(counts, palette)),
    remark: outcome.status === "passed" ? "" : outcomeSentence(outcome),
    isDispensable: outcome.status === "passed" && !flaky,
  };
}

function testSegments(counts: TestCounts, palette: Palette): Segment[] {
  return progressParts(counts).map(({ text, isFailure }) => (isFailure ? { text, style: palette.bad } : { text }));
}

function commaSeparated(segments: readonly Segment[]): Segment[] {
  return segments.flatMap((segment, index) => (index > 0 ? [{ text: ", " }, segment] : [segment]));
}

/** The latest line that has any text in it. */
function lastOutputLine(output: string): string {
  const lines = output.split("\n").map((line) => cleanOutputLine(line).trim());
  return lines.findLast((line) => line !== "") ?? "";
}
