import type { TestCounts } from "@netra-apex/core";
import type { FinishedNode, RunningNode } from "../node-view.ts";
import { cleanLine, cleanOutputLine } from "./clean-text.ts";
import { progressParts } from "./counts.ts";
import { pad, truncate, widest } from "./display-width.ts";
import { formatDuration, formatElapsed } from "./durations.ts";
import { outcomeMark, outcomeSentence } from "./outcome-text.ts";
import type { Palette } from "./palette.ts";
import { fitLine, type Segment, segmentsWidth } from "./segments.ts";
import { spinnerAt } from "./spinner.ts";
import { cpuText, memoryText } from "./usage-text.ts";

/** One node in the live region, its columns still apart so that those of all nodes can be aligned. */
export interface LiveRow {
  /** One cell wide, already marked up. */
  readonly mark: string;
  readonly name: string;
  readonly time: string;
  /** How long it typically takes: `of ~1m 10s`; empty where that is not known, or over. */
  readonly expected: Segment;
  readonly tests: readonly Segment[];
  /** The same for a narrow terminal: `64✓ 1✗`. */
  readonly fewTests: readonly Segment[];
  /** What its processes take, as two columns; empty ones where that is not known, or over. */
  readonly cpu: string;
  readonly memory: string;
  /** The last line of output, or why the node did not pass. */
  readonly remark: string;
}

/** Fewer cells are not worth a remark. */
const shortestRemark = 12;

/** Fewer cells do not tell one name from another. */
const shortestName = 8;

/** The indentation, the mark and a space. */
const markWidth = 4;

/** Columns start this wide, so that a tenth test or second moves nothing. */
const timeWidth = 5;
const testsWidth = 10;

/** From this multiple of what is typical on, a node is worth a look. */
const conspicuous = 1.5;

/** What a row depends on beside its node. */
export interface RowFrame {
  /** On the time scale of the events. */
  readonly nowMs: number;
  readonly tick: number;
  readonly palette: Palette;
}

export function runningRow(
  node: RunningNode,
  expectedMs: number | undefined,
  { nowMs, tick, palette }: RowFrame,
): LiveRow {
  const attempt = node.attempt > 1 ? [{ text: `attempt ${node.attempt}` }] : [];
  const tests = node.isBackingOff ? [{ text: "waits to try again" }] : testSegments(node.counts, palette);
  const lastLine = lastOutputLine(node.outputTail);
  const elapsedMs = nowMs - node.startedAtMs;
  const isLong = expectedMs !== undefined && elapsedMs > Math.max(expectedMs * conspicuous, expectedMs + 1000);
  return {
    mark: node.isBackingOff ? palette.warn("↻") : spinnerAt(tick),
    name: cleanLine(node.id, 40),
    time: formatElapsed(elapsedMs),
    expected: {
      text: expectedMs === undefined ? "" : `of ~${formatElapsed(expectedMs)}`,
      style: isLong ? palette.warn : palette.dim,
    },
    tests: commaSeparated([...attempt, ...tests]),
    fewTests: markedCounts(node.counts, palette),
    cpu: node.usage ? cpuText(node.usage.cpuPercent) : "",
    memory: node.usage ? memoryText(node.usage.memoryBytes) : "",
    remark: lastLine === "" ? "" : `│ ${lastLine}`,
  };
}

export function finishedRow(node: FinishedNode, palette: Palette): LiveRow {
  const { id, outcome, flaky, durationMs, counts } = node;
  return {
    mark: outcomeMark(outcome, flaky, palette),
    name: cleanLine(id, 40),
    time: formatDuration(durationMs),
    expected: { text: "" },
    tests: commaSeparated(testSegments(counts, palette)),
    fewTests: markedCounts(counts, palette),
    cpu: "",
    memory: "",
    remark: outcome.status === "passed" ? "" : outcomeSentence(outcome),
  };
}

/**
 * A function that draws rows with the columns of all `rows` aligned. Where there is not room for all columns, what processes
 * take goes first, then the typical time, then the words of the tests; the remark takes what is left of the line.
 */
export function rowFormatter(
  rows: readonly LiveRow[],
  { columns, palette }: { readonly columns: number; readonly palette: Palette },
): (row: LiveRow) => string {
  const time = Math.max(timeWidth, widest(rows.map((row) => row.time)));
  const name = Math.min(
    widest(rows.map((row) => row.name)),
    Math.max(shortestName, columns - markWidth - 2 - timeWidth),
  );
  let room = columns - markWidth - name - 2 - time;
  const take = (cells: number): boolean => {
    if (cells > room) return false;
    room -= cells;
    return true;
  };
  const testColumns = [
    { of: (row: LiveRow) => row.tests, least: testsWidth },
    { of: (row: LiveRow) => row.fewTests, least: 0 },
  ].map(({ of, least }) => ({ of, width: Math.max(least, ...rows.map((row) => segmentsWidth(of(row)))) }));
  const tests = testColumns.find(({ width }) => take(width + 2));
  const expected = widest(rows.map((row) => row.expected.text));
  const hasExpected = expected > 0 && take(expected + 1);
  const [cpu, memory] = [widest(rows.map((row) => row.cpu)), widest(rows.map((row) => row.memory))];
  const hasUsage = memory > 0 && take(cpu + memory + 4);
  const hasRemark = room >= shortestRemark + 2;
  return (row) => {
    const segments: Segment[] = [
      { text: pad(truncate(row.name, name), name) },
      { text: `  ${row.time.padStart(time)}`, style: palette.dim },
    ];
    if (hasExpected) segments.push({ ...row.expected, text: ` ${pad(row.expected.text, expected)}` });
    if (tests) segments.push({ text: "  " }, ...tests.of(row), filler(tests.of(row), tests.width));
    if (hasUsage) {
      const usage = `  ${row.cpu.padStart(cpu)}  ${row.memory.padStart(memory)}`;
      segments.push({ text: usage, style: palette.dim });
    }
    if (hasRemark && row.remark !== "") segments.push({ text: `  ${row.remark}`, style: palette.dim });
    return `  ${row.mark} ${fitLine(withoutBlankEnd(segments), columns - markWidth)}`;
  };
}

function filler(segments: readonly Segment[], width: number): Segment {
  return { text: " ".repeat(Math.max(0, width - segmentsWidth(segments))) };
}

function withoutBlankEnd(segments: readonly Segment[]): readonly Segment[] {
  const last = segments.findLastIndex(({ text }) => text.trim() !== "");
  return segments.slice(0, last + 1).map((segment, index) => {
    return index === last ? { ...segment, text: segment.text.trimEnd() } : segment;
  });
}

function testSegments(counts: TestCounts, palette: Palette): Segment[] {
  return progressParts(counts).map(({ text, isFailure }) => (isFailure ? { text, style: palette.bad } : { text }));
}

function markedCounts({ passed, failed }: TestCounts, palette: Palette): Segment[] {
  return [
    ...(passed > 0 ? [{ text: `${passed}✓` }] : []),
    ...(failed > 0 ? [{ text: `${passed > 0 ? " " : ""}${failed}✗`, style: palette.bad }] : []),
  ];
}

function commaSeparated(segments: readonly Segment[]): Segment[] {
  return segments.flatMap((segment, index) => (index > 0 ? [{ text: ", " }, segment] : [segment]));
}

/** The latest line that has any text in it. */
function lastOutputLine(output: string): string {
  const lines = output.split("\n");
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = cleanOutputLine(lines[index] ?? "").trim();
    if (line !== "") return line;
  }
  return "";
}
