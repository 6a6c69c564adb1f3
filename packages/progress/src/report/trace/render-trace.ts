import { describeOutcome } from "@netra-apex/core";
import { cleanLine } from "../../render/clean-text.ts";
import { RefNames } from "../report-texts.ts";
import type { EventRef, RunReport, TimelineSpan } from "../run-report.ts";
import { attemptKey, mostRows, placeTests, type TestSpan } from "./test-spans.ts";
import { inOrder, micros, type TraceEvent } from "./trace-event.ts";

/** Threads of nodes come after those of layers. */
const firstNodeThread = 1_000;

/**
 * The timeline in the Chrome trace event format (JSON object format), which Perfetto and `chrome://tracing` open: a process for
 * each run, threads for layers and for each lane of nodes with their attempts and tests, asynchronous spans for outages, counters
 * for what the machine and the processes of nodes took.
 */
export function renderTrace(report: RunReport): string {
  const traceEvents = new TraceWriter(report).events();
  const lines = traceEvents.map((event) => JSON.stringify(event)).join(",\n");
  const head = JSON.stringify({ from: report.from });
  return `{"displayTimeUnit":"ms","otherData":${head},"traceEvents":[\n${lines}\n]}\n`;
}

class TraceWriter {
  readonly #report: RunReport;
  readonly #refs: RefNames;
  readonly #processes: ReadonlyMap<string, number>;

  constructor(report: RunReport) {
    this.#report = report;
    this.#refs = new RefNames(report);
    this.#processes = new Map(report.runs.map(({ runId }, index) => [runId, index + 1]));
  }

  events(): TraceEvent[] {
    const { spans, unplaced } = placeTests(this.#report);
    return inOrder([
      ...this.#names(spans),
      ...this.#report.timeline.map((span) => this.#span(span, unplaced.get(attemptKey(span)) ?? 0)),
      ...spans.map((span) => this.#test(span)),
      ...this.#outages(),
      ...this.#alerts(),
      ...this.#machine(),
      ...this.#nodeProcesses(),
    ]);
  }

  /** Who is who: a run is a process, a lane a thread, and each row of tests beside it one more. */
  #names(tests: readonly TestSpan[]): TraceEvent[] {
    const threads = new Map<string, TraceEvent[]>();
    const name = (of: EventRef, tid: number, text: string): void => {
      const pid = this.#pid(of);
      threads.set(`${pid} ${tid}`, [
        meta("thread_name", pid, tid, { name: text }),
        meta("thread_sort_index", pid, tid, { sort_index: tid }),
      ]);
    };
    for (const span of this.#report.timeline) {
      name(span, threadOf(span), span.kind === "layer" ? "layers" : `lane ${span.lane + 1}`);
    }
    for (const { attempt, row } of tests) {
      if (row > 0) name(attempt, threadOf(attempt) + row, `lane ${attempt.lane + 1}, tests beside (${row})`);
    }
    return [
      ...this.#report.runs.map((run) => meta("process_name", this.#pid(run), 0, { name: `apex ${run.runId}` })),
      ...[...threads.values()].flat(),
    ];
  }

  #span(span: TimelineSpan, unplaced: number): TraceEvent {
    const { outcome, budgetMs } = span;
    return {
      ph: "X",
      name: cleanLine(span.name),
      cat: span.kind,
      ...this.#times(span, threadOf(span)),
      args: {
        outcome: outcome?.status ?? "no end is recorded",
        ...(outcome && { reason: describeOutcome(outcome) }),
        event: this.#refs.of(span),
        ...(budgetMs !== undefined && { budgetMs }),
        ...(unplaced > 0 && { "tests without a row": unplaced }),
      },
    };
  }

  #test(span: TestSpan): TraceEvent {
    const { test, attempt, row } = span;
    return {
      ph: "X",
      name: span.name,
      cat: "test",
      ...this.#times({ ...span, runId: test.runId, seq: test.seq }, threadOf(attempt) + row),
      args: {
        status: test.status,
        event: this.#refs.of(test),
        ...(test.flaky && { flaky: true }),
        ...(test.file !== undefined && { file: test.line === undefined ? test.file : `${test.file}:${test.line}` }),
        ...(test.message !== undefined && { message: cleanLine(test.message) }),
      },
    };
  }

  /** They go across nodes, so they have tracks of their own. */
  #outages(): TraceEvent[] {
    const { services, from, to } = this.#report;
    const outages = services.flatMap((service) => service.outages);
    return outages.flatMap((outage, index) => {
      const startMs = Math.max(0, Date.parse(outage.lastUpAt) - Date.parse(from));
      const endMs = Math.max(startMs, Date.parse(outage.upAgainAt ?? to) - Date.parse(from));
      const common = {
        name: `${cleanLine(outage.service)} is down`,
        cat: "outage",
        id: `outage ${index + 1}`,
        pid: this.#pid(outage),
        tid: 0,
      };
      const args = { reason: cleanLine(outage.reason), event: this.#refs.of(outage) };
      return [
        { ...common, ph: "b", ts: micros(startMs), args } as const,
        { ...common, ph: "e", ts: micros(endMs), args: { "is over": outage.upAgainAt !== undefined } } as const,
      ];
    });
  }

  #alerts(): TraceEvent[] {
    return this.#report.alerts.map((alert) => ({
      ph: "i",
      s: "p",
      name: `alert: ${cleanLine(alert.rule)}`,
      cat: "alert",
      pid: this.#pid(alert),
      tid: 0,
      ts: micros(alert.atMs),
      args: { message: cleanLine(alert.message), event: this.#refs.of(alert) },
    }));
  }

  #machine(): TraceEvent[] {
    return this.#report.samples.flatMap((sample) => {
      const { atMs, cpuPercent, memoryBytes, running, queueDepth } = sample;
      return [
        this.#counter(sample, "apex CPU", atMs, { percent: cpuPercent }),
        this.#counter(sample, "apex memory", atMs, { bytes: memoryBytes }),
        this.#counter(sample, "nodes", atMs, { running, waiting: queueDepth }),
      ];
    });
  }

  /** A node's counters end with it: the last reading would hold for ever. */
  #nodeProcesses(): TraceEvent[] {
    const { processSamples, timeline } = this.#report;
    const read = processSamples.flatMap((sample) => {
      const { nodeId, atMs, cpuPercent, memoryBytes } = sample;
      return [
        this.#counter(sample, `CPU of ${nodeId}`, atMs, { percent: cpuPercent }),
        this.#counter(sample, `memory of ${nodeId}`, atMs, { bytes: memoryBytes }),
      ];
    });
    const sampled = new Set(processSamples.map(({ runId, nodeId }) => `${runId} ${nodeId}`));
    const ends = timeline
      .filter(({ kind, runId, nodeId }) => kind === "node" && sampled.has(`${runId} ${nodeId}`))
      .flatMap((span) => [
        this.#counter(span, `CPU of ${span.nodeId}`, span.endMs, { percent: 0 }),
        this.#counter(span, `memory of ${span.nodeId}`, span.endMs, { bytes: 0 }),
      ]);
    return [...read, ...ends];
  }

  #counter(of: EventRef, name: string, atMs: number, args: Readonly<Record<string, number>>): TraceEvent {
    return { ph: "C", name, pid: this.#pid(of), tid: 0, ts: micros(atMs), args };
  }

  #times(
    span: EventRef & { readonly startMs: number; readonly endMs: number },
    tid: number,
  ): Pick<TraceEvent, "pid" | "tid" | "ts" | "dur"> {
    const ts = micros(span.startMs);
    return { pid: this.#pid(span), tid, ts, dur: micros(span.endMs) - ts };
  }

  #pid({ runId }: Pick<EventRef, "runId">): number {
    return this.#processes.get(runId) ?? 0;
  }
}

/** Between the threads of two lanes there is room for the tests that ran side by side. */
function threadOf({ kind, lane }: TimelineSpan): number {
  return kind === "layer" ? lane + 1 : firstNodeThread + lane * mostRows;
}

function meta(name: string, pid: number, tid: number, args: Readonly<Record<string, string | number>>): TraceEvent {
  return { ph: "M", name, pid, tid, ts: 0, args };
}
