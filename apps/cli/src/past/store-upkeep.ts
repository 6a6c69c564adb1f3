import { describeThrown, exitCodes } from "@netra-apex/core";
import { journalOf, listJournals, readJournal, rebuildStore } from "@netra-apex/store";
import { loadSqliteQuietly } from "../history/load-sqlite.ts";
import { withStore } from "../history/with-store.ts";
import { findPast } from "./open-past.ts";
import type { PastOptions } from "./past-options.ts";
import { countText, plain, say } from "../table.ts";

/** `apex store check`: reads the whole database and all journals. */
export async function storeCheckCommand(options: PastOptions): Promise<number> {
  const { directory } = await findPast(options);
  const ofDatabase = await withStore({ directory }, (store) => store.check());
  const problems = [...ofDatabase, ...journalProblems(directory)];
  say(options.json, { directory, problems }, () =>
    problems.length === 0
      ? `${directory} is whole`
      : [
          `${directory} is damaged:`,
          ...problems.map((line) => `  ${plain(line)}`),
          ...(ofDatabase.length > 0 ? ["  hint: apex store rebuild makes the database anew from the journals"] : []),
        ].join("\n"),
  );
  return problems.length === 0 ? exitCodes.passed : exitCodes.infrastructure;
}

function journalProblems(directory: string): string[] {
  return listJournals(directory).flatMap((run) => {
    try {
      for (const _ of readJournal(journalOf(directory, run)));
      return [];
    } catch (error) {
      return [describeThrown(error)];
    }
  });
}

/** `apex store rebuild`: makes the history anew from the journals. */
export async function storeRebuildCommand(options: PastOptions): Promise<number> {
  const { directory } = await findPast(options);
  loadSqliteQuietly();
  const rebuilt = await rebuildStore(directory);
  for (const problem of rebuilt.problems) process.stderr.write(`warning  ${problem}\n`);
  say(options.json, rebuilt, () =>
    [
      `the history has ${countText(rebuilt.recorded.length, "run")}, from the journals in ${directory}`,
      ...(rebuilt.aside === undefined ? [] : [`what was there before is in ${rebuilt.aside}`]),
    ].join("\n"),
  );
  return exitCodes.passed;
}

/** `apex store prune`: removes now what the config's limits do not keep. */
export async function storePruneCommand(options: PastOptions): Promise<number> {
  const past = await findPast(options);
  const removed = await withStore(past, (store) => store.retain(past.config?.history ?? {}, { isDue: true }));
  say(options.json, removed, () =>
    removed.length === 0 ? "nothing is beyond the limits" : `removed the files of ${removed.join(", ")}`,
  );
  return exitCodes.passed;
}
