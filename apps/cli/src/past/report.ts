import { writeFileSync } from "node:fs";
import path from "node:path";
import { ApexError, describeThrown, didYouMean, exitCodes, SelectionError } from "@netra-apex/core";
import {
  createRunReport,
  mergeRunReports,
  renderReport,
  type ReportFormat,
  reportFormats,
} from "@netra-apex/progress/report";
import { journalOf, readJournal } from "@netra-apex/store";
import { rerunPrefix } from "../commands/rerun-prefix.ts";
import { findShownRun } from "./find-shown-run.ts";
import { findPast } from "./open-past.ts";
import type { PastOptions } from "./past-options.ts";

/** A report cannot be written where it should go. */
class ReportFileError extends ApexError {
  readonly code = "APEX_REPORT_UNWRITABLE";
}

/** `apex report RUN…`: one report of them all. */
export async function reportCommand(references: readonly string[], options: PastOptions): Promise<number> {
  const format = formatOf(options);
  const { directory } = await findPast(options);
  const runs = [...new Set(references.map((reference) => findShownRun(directory, reference)))];
  const reports = runs.map((run) => createRunReport(readJournal(journalOf(directory, run))));
  const [only] = reports;
  const report = only && reports.length === 1 ? only : mergeRunReports(reports);
  const text = renderReport(report, format, { rerunPrefix: rerunPrefix(process.argv[1] ?? "apex", options) });
  if (options.output === undefined) {
    process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    return exitCodes.passed;
  }
  const file = path.resolve(options.output);
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new ReportFileError(`the report cannot be written: ${describeThrown(error)}`, {
      hint: "look at the directory that it should go to",
      cause: error,
    });
  }
  process.stderr.write(`note  the report is in ${path.relative(process.cwd(), file)}\n`);
  return exitCodes.passed;
}

/** As asked for, else by the end of the file's name, else Markdown. Throws `SelectionError`. */
function formatOf({ format, output }: PastOptions): ReportFormat {
  if (format === undefined) {
    if (output === undefined) return "markdown";
    const known = byExtension[path.extname(output).toLowerCase()];
    if (known) return known;
    throw new SelectionError(`the name ${JSON.stringify(output)} does not tell a format`, {
      hint: `give one: --format ${reportFormats.join("|")}`,
    });
  }
  const known = reportFormats.find((candidate) => candidate === format);
  if (known) return known;
  const hint = didYouMean(format, reportFormats);
  throw new SelectionError(`there is no report format "${format}"`, hint === undefined ? {} : { hint });
}

const byExtension: Readonly<Record<string, ReportFormat>> = {
  ".md": "markdown",
  ".html": "html",
  ".xml": "junit",
  ".json": "json",
  ".trace": "trace",
};
