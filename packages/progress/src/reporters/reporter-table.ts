import type { ReporterFactory } from "@netra-apex/core";
import type { RenderOptions } from "../report/render-options.ts";
import type { WholeReportFormat } from "./report-reporter.ts";

/** A reporter that apex brings along. */
export interface ReporterEntry {
  /**
   * What it writes where no FILE is given: `lines` for people or `data` for programs to stdout, which then is its own, or nothing
   * to stdout (`elsewhere`).
   */
  readonly writes: "lines" | "data" | "elsewhere";
  /**
   * What becomes of a FILE: it is what the reporter gets as its streams (`stream`), the reporter writes it by itself (`own`), or
   * there can be none (`none`).
   */
  readonly file: "stream" | "own" | "none";
  /** Loads its code, and nothing of the others'. */
  readonly load: () => Promise<ReporterFactory>;
}

/** The reporters by name. */
export const reporterTable: Readonly<Record<string, ReporterEntry>> = {
  simple: {
    writes: "lines",
    file: "stream",
    load: async () => (await import("../simple-reporter.ts")).createSimpleReporter,
  },
  rich: {
    writes: "lines",
    file: "none",
    load: async () => (await import("../rich-reporter.ts")).createRichReporter,
  },
  json: {
    writes: "data",
    file: "stream",
    load: async () => (await import("../json-reporter.ts")).createJsonReporter,
  },
  log: {
    writes: "lines",
    file: "stream",
    load: async () => (await import("./log-stream-reporter.ts")).createLogStreamReporter,
  },
  junit: { writes: "data", file: "own", load: async () => reportReporter("junit") },
  "junit-plain": { writes: "data", file: "own", load: async () => reportReporter("junit", { junitDialect: "plain" }) },
  html: { writes: "data", file: "own", load: async () => reportReporter("html") },
  markdown: { writes: "data", file: "own", load: async () => reportReporter("markdown") },
  trace: { writes: "data", file: "own", load: async () => reportReporter("trace") },
  // Commands to the platform that runs the workflow: it reads them from either stream.
  github: {
    writes: "elsewhere",
    file: "stream",
    load: async () => (await import("../github/github-reporter.ts")).createGithubReporter,
  },
  opentelemetry: {
    writes: "elsewhere",
    file: "none",
    load: async () => (await import("../opentelemetry/opentelemetry-reporter.ts")).createOpenTelemetryReporter,
  },
};

async function reportReporter(format: WholeReportFormat, how: RenderOptions = {}): Promise<ReporterFactory> {
  const { createReportReporter } = await import("./report-reporter.ts");
  return (context) => createReportReporter(format, { ...context, ...how });
}
