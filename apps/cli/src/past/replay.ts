import { exitCodes } from "@netra-apex/core";
import { chooseProgressMode, createReporter } from "@netra-apex/progress";
import { journalOf, readJournal } from "@netra-apex/store";
import { rerunPrefix } from "../commands/rerun-prefix.ts";
import { findShownRun } from "./find-shown-run.ts";
import { findPast } from "./open-past.ts";
import type { PastOptions } from "./past-options.ts";

/** `apex replay RUN`: shows a recorded run through the reporters that show any run. */
export async function replayCommand(reference: string, options: PastOptions): Promise<number> {
  const { directory } = await findPast(options);
  const runId = findShownRun(directory, reference);
  const reporter = await createReporter(
    chooseProgressMode({
      requested: options.progressMode ?? (options.json ? undefined : "simple"),
      json: options.json,
      stderr: process.stderr,
      env: process.env,
    }),
    {
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
      verbose: options.verbose ?? false,
      rerunPrefix: rerunPrefix(process.argv[1] ?? "apex", options),
    },
  );
  let isFinished = false;
  const events = readJournal(journalOf(directory, runId));
  try {
    for (const event of events) {
      if (event.type === "run_completed") isFinished = true;
      reporter.onEvent(event);
    }
  } finally {
    await reporter.close?.();
  }
  if (!isFinished) process.stderr.write(`note  ${runId} was interrupted here, or still runs: apex resume ${runId}\n`);
  return exitCodes.passed;
}
