import { type RunEvent, RunTotals } from "@netra-apex/core";
import { completeReport } from "./complete-report.ts";
import { RunFold } from "./run-fold.ts";
import type { RunReport } from "./run-report.ts";

/** Makes the report of one run while it goes on. What tests print is not kept. */
export class RunReportFold {
  readonly #fold = new RunFold();
  readonly #totals = new RunTotals();

  /** Takes the next event. Throws `ReportError` where the first one is missing, or where runs are mixed. */
  onEvent(event: RunEvent): void {
    this.#fold.onEvent(event);
    this.#totals.onEvent(event);
  }

  /** The report of what there is; `inconclusive` while the run's end is missing. Throws `ReportError` without any event. */
  report(): RunReport {
    const summary = this.#totals.recorded();
    return completeReport(this.#fold.result(summary), { summary, findings: [] });
  }
}
