import type { Reporter, ReporterContext, RunEvent } from "@netra-apex/core";
import { OutputSink } from "../output-sink.ts";
import { JunitLossError } from "../report/junit/junit-loss.ts";
import { renderJunitByLayer } from "../report/junit/render-junit.ts";
import type { RenderOptions } from "../report/render-options.ts";
import { renderReport } from "../report/render-report.ts";
import type { RunReport } from "../report/run-report.ts";
import { RunReportFold } from "../report/run-report-fold.ts";
import { writeWholeFile } from "./reporter-file.ts";

/** Reports that are written when the run is over. */
export type WholeReportFormat = "junit" | "html" | "markdown" | "trace";

/** Where a report goes, and how it is rendered. */
export type ReportReporterOptions = Pick<ReporterContext, "stdout"> &
  Partial<Pick<ReporterContext, "file" | "rerunPrefix">> &
  Pick<RenderOptions, "junitDialect">;

/**
 * Collects a run and writes its report in `close`, also when the run did not come to its end: to its file, all at once, or to
 * stdout. A file with `{layer}` in its name is one for each layer. Without any event, nothing is written.
 */
export function createReportReporter(format: WholeReportFormat, options: ReportReporterOptions): Reporter {
  return new ReportReporter(format, options);
}

class ReportReporter implements Reporter {
  readonly name: WholeReportFormat;
  readonly #options: ReportReporterOptions;
  #fold: RunReportFold | undefined;

  constructor(format: WholeReportFormat, options: ReportReporterOptions) {
    this.name = format;
    this.#options = options;
  }

  onEvent(event: RunEvent): void {
    this.#fold ??= new RunReportFold();
    this.#fold.onEvent(event);
  }

  async close(): Promise<void> {
    const fold = this.#fold;
    this.#fold = undefined;
    if (!fold) return;
    const report = fold.report();
    const parts = (): ReadonlyMap<string, string> =>
      this.#isByLayer ? renderJunitByLayer(report, this.#options) : new Map([["", this.#render(report)]]);
    try {
      await this.#write(parts());
    } catch (error) {
      if (!(error instanceof JunitLossError)) throw error;
      // What there is of the results is worth more with a warning than nothing at all.
      await this.#write(error.parts);
      throw error;
    }
  }

  get #isByLayer(): boolean {
    return this.name === "junit" && this.#options.file?.includes("{layer}") === true;
  }

  async #write(parts: ReadonlyMap<string, string>): Promise<void> {
    const { file, stdout } = this.#options;
    for (const [layer, text] of parts) {
      if (file === undefined) {
        const sink = new OutputSink(stdout);
        sink.write(text);
        await sink.close();
      } else {
        const place = this.#isByLayer ? file.replaceAll("{layer}", fileNameOf(layer)) : file;
        await writeWholeFile({ name: this.name, file: place }, text);
      }
    }
  }

  #render(report: RunReport): string {
    return renderReport(report, this.name, this.#options);
  }
}

/** Ids of layers are the user's. */
function fileNameOf(layer: string): string {
  return encodeURIComponent(layer).replace(/^\.+/, (dots) => "%2E".repeat(dots.length));
}
