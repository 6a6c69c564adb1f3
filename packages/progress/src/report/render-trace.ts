import { describeOutcome } from "@netra-apex/core";
import { RefNames } from "./report-texts.ts";
import type { RunReport, TimelineSpan } from "./run-report.ts";

/** Threads of nodes come after those of layers. */
const firstNodeThread = 1_000;

/**
 * The timeline in the Chrome trace event format (JSON object format), which Perfetto and `chrome://tracing` open: a process for
 * each run, a thread for each lane, counters for what the machine gave `apex`. Times are microseconds.
 */
export function renderTrace(report: RunReport): string {
  const { runs, timeline, samples, alerts } = report;
  const refs = new RefNames(report);
  const processes = new Map(runs.map(({ runId }, index) => [runId, index + 1]));
  const pidOf = ({ runId }: { readonly runId: string }): number => processes.get(runId) ?? 0;
  const threads = new Map(timeline.map((span) => [`${pidOf(span)} ${threadOf(span)}`, span]));
  const traceEvents = [
    ...runs.map((run) => meta("process_name", pidOf(run), 0, { name: `apex ${run.runId}` })),
    ...[...threads.values()].flatMap((span) => [
      meta("thread_name", pidOf(span), threadOf(span), {
        name: span.kind === "layer" ? "layers" : `lane ${span.lane + 1}`,
      }),
      meta("thread_sort_index", pidOf(span), threadOf(span), { sort_index: threadOf(span) }),
    ]),
    ...timeline.map((span) => ({
      ph: "X",
      name: span.name,
      cat: span.kind,
      pid: pidOf(span),
      tid: threadOf(span),
      ts: micros(span.startMs),
      dur: micros(span.endMs) - micros(span.startMs),
      args: {
        outcome: span.outcome?.status ?? "no end is recorded",
        ...(span.outcome && { reason: describeOutcome(span.outcome) }),
        event: refs.of(span),
        ...(span.budgetMs !== undefined && { budgetMs: span.budgetMs }),
      },
    })),
    ...alerts.map((alert) => ({
      ph: "i",
      s: "p",
      name: `alert: ${alert.rule}`,
      cat: "alert",
      pid: pidOf(alert),
      tid: 0,
      ts: micros(alert.atMs),
      args: { message: alert.message, event: refs.of(alert) },
    })),
    ...samples.flatMap((sample) => {
      const { atMs, cpuPercent, memoryBytes, running, queueDepth } = sample;
      const common = { ph: "C", pid: pidOf(sample), tid: 0, ts: micros(atMs) };
      return [
        { ...common, name: "apex CPU", args: { percent: cpuPercent } },
        { ...common, name: "apex memory", args: { bytes: memoryBytes } },
        { ...common, name: "nodes", args: { running, waiting: queueDepth } },
      ];
    }),
  ];
  return `${JSON.stringify({ displayTimeUnit: "ms", otherData: { from: report.from }, traceEvents })}\n`;
}

function threadOf({ kind, lane }: TimelineSpan): number {
  return kind === "layer" ? lane + 1 : firstNodeThread + lane;
}

function meta(name: string, pid: number, tid: number, args: Readonly<Record<string, string | number>>): object {
  return { ph: "M", name, pid, tid, ts: 0, args };
}

function micros(ms: number): number {
  return Math.round(ms * 1_000);
}
