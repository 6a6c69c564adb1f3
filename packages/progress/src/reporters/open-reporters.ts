import path from "node:path";
import {
  isolateReporter,
  type Reporter,
  type ReporterContext,
  type ReporterFactory,
  type RunId,
} from "@netra-apex/core";
import type { ChosenReporter } from "./choose-reporters.ts";
import { loadReporter, type ReporterPlaces } from "./load-reporter.ts";
import { openFileStream, prepareFile } from "./reporter-file.ts";

/** What reporters are opened with: streams of the process, and where things are. */
export interface OpenReportersOptions extends Omit<ReporterContext, "file">, ReporterPlaces {
  /** Takes the place of `{run}` in the name of a file. */
  readonly runId: RunId;
}

/**
 * Loads and makes the reporters of a run, with their files. All of them, or none: what was opened is closed again when one fails.
 * Throws `UnknownReporterError`, `ReporterModuleError` or `ReporterFileError`.
 */
export async function openReporters(
  chosen: readonly ChosenReporter[],
  options: OpenReportersOptions,
): Promise<readonly Reporter[]> {
  const loaded: (readonly [ChosenReporter, ReporterFactory])[] = [];
  for (const one of chosen) {
    loaded.push([one, one.entry ? await one.entry.load() : await loadReporter(one.name, options)]);
  }
  const reporters: Reporter[] = [];
  try {
    for (const [one, make] of loaded) {
      const reporter = await open(one, make, options);
      reporters.push(one.entry ? reporter : isolateReporter(reporter));
    }
    return reporters;
  } catch (error) {
    await Promise.allSettled(reporters.map(async (reporter) => reporter.close?.()));
    throw error;
  }
}

async function open(
  { name, entry, file: written, hasStdout }: ChosenReporter,
  make: ReporterFactory,
  { runId, ...context }: OpenReportersOptions,
): Promise<Reporter> {
  const file = written?.replaceAll("{run}", runId);
  // Whoever has not been given stdout must not find it either.
  const streams = { stdout: hasStdout ? context.stdout : context.stderr, stderr: context.stderr };
  if (file === undefined) return make({ ...context, ...streams });
  if (entry?.file !== "stream") {
    prepareFile({ name, file: beforeLayers(file) });
    return make({ ...context, ...streams, file });
  }
  const { stream, closedWith, close } = openFileStream({ name, file });
  try {
    return closedWith(await make({ ...context, stdout: stream, stderr: stream }));
  } catch (error) {
    close();
    throw error;
  }
}

/** A file where those of the layers will be: of a directory that is called after one, nothing is there yet. */
function beforeLayers(file: string): string {
  const [start = "", ...rest] = file.split("{layer}");
  return rest.length === 0 ? file : path.join(path.dirname(`${start}layer`), "report-of-a-layer");
}
