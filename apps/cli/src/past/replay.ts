import { exitCodes, ReporterFanOut, systemClock } from "@netra-apex/core";
import { journalOf, readJournal } from "@netra-apex/store";
import { chosenReporters, openRunReporters, sayOfReporters } from "../commands/run-reporters.ts";
import { findShownRun } from "./find-shown-run.ts";
import { findPast } from "./open-past.ts";
import type { PastOptions } from "./past-options.ts";

/** A replay waits for nobody; what a reporter sends somewhere may take as long. */
const closeMs = 30_000;

/** `apex replay RUN`: shows a recorded run through the reporters that show any run. */
export async function replayCommand(reference: string, options: PastOptions): Promise<number> {
  const chosen = chosenReporters(options, { usualMode: "simple" });
  const { directory, projectRoot } = await findPast(options);
  const runId = findShownRun(directory, reference);
  const shown = await openRunReporters(chosen, options, { runId, projectRoot });
  const fanOut = new ReporterFanOut({ clock: systemClock });
  for (const reporter of shown.reporters) fanOut.add(reporter);
  let isFinished = false;
  try {
    for (const event of readJournal(journalOf(directory, runId))) {
      if (event.type === "run_completed") isFinished = true;
      fanOut.deliver(event);
    }
  } finally {
    const review = await fanOut.close(closeMs);
    shown.release();
    sayOfReporters(review);
  }
  if (!isFinished) process.stderr.write(`note  ${runId} was interrupted here, or still runs: apex resume ${runId}\n`);
  return exitCodes.passed;
}
