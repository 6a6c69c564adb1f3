import type { Reporter } from "@netra-apex/core";
import type { ProgressMode } from "./choose-progress-mode.ts";
import type { ReporterOptions } from "./reporter-options.ts";

/** Makes the reporter of a mode; only its own code is loaded. */
export async function createReporter(mode: ProgressMode, options: ReporterOptions): Promise<Reporter> {
  switch (mode) {
    case "simple":
      return (await import("./simple-reporter.ts")).createSimpleReporter(options);
    case "rich":
      return (await import("./rich-reporter.ts")).createRichReporter(options);
    case "json":
      return (await import("./json-reporter.ts")).createJsonReporter(options);
    default:
      return mode satisfies never;
  }
}
