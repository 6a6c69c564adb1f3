import type { RunSummary } from "./run-event.ts";

/** A reporter that is at fault, and how. */
export interface ReporterFailure {
  readonly reporter: string;
  readonly message: string;
  /** It broke in the middle of the run, which a `reporter_failed` event has told, too, unless the stream was over by then. */
  readonly isDropped?: true;
}

/** A reporter whose `onEvent` took more than a second, and more than a twentieth of the run's time. */
export interface SlowReporter {
  readonly reporter: string;
  readonly busyMs: number;
  /** From the first event to the last one. */
  readonly runMs: number;
}

/** What there is to say of the reporters when all is over. */
export interface ReporterReview {
  /** Those that were dropped, and those that could not finish. */
  readonly failures: readonly ReporterFailure[];
  /** Those that held the run up; nothing else is wrong with them. */
  readonly slow: readonly SlowReporter[];
}

/** A summary with what there is to say of the reporters, where there is something. */
export function withReview(summary: RunSummary, { failures, slow }: ReporterReview): RunSummary {
  return {
    ...summary,
    ...(failures.length === 0 ? {} : { reporterFailures: failures }),
    ...(slow.length === 0 ? {} : { slowReporters: slow }),
  };
}
