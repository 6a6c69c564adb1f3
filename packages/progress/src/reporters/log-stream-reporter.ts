import type { Reporter, ReporterContext } from "@netra-apex/core";
import { createLogReporter } from "../log-reporter.ts";
import { OutputSink } from "../output-sink.ts";

/** The plain log of a run, to stdout: one line for each event that says something, all of them with `verbose`. */
export function createLogStreamReporter({
  stdout,
  verbose,
}: Pick<ReporterContext, "stdout"> & Partial<Pick<ReporterContext, "verbose">>): Reporter {
  const sink = new OutputSink(stdout);
  return createLogReporter({
    level: verbose ? "debug" : "info",
    writeLine: (line) => sink.write(`${line}\n`),
    close: () => sink.close(),
  });
}
