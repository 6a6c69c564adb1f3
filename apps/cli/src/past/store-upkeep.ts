import { exitCodes } from "@netra-apex/core";
import { rebuildStore, Store } from "@netra-apex/store";
import { findPast, withStore } from "./open-past.ts";
import type { PastOptions } from "./past-options.ts";
import { countText, say } from "./table.ts";

/** `apex store check`: reads the whole database. */
export async function storeCheckCommand(options: PastOptions): Promise<number> {
  const { directory } = await findPast(options);
  const store = await Store.open(directory);
  let problems: readonly string[];
  try {
    problems = store.check();
  } finally {
    store.close();
  }
  say(options.json, { directory, problems }, () =>
    problems.length === 0
      ? `${directory} is whole`
      : `${directory} is damaged:\n${problems.map((line) => `  ${line}`).join("\n")}\n  hint: apex store rebuild`,
  );
  return problems.length === 0 ? exitCodes.passed : exitCodes.infrastructure;
}

/** `apex store rebuild`: makes the history anew from the journals. */
export async function storeRebuildCommand(options: PastOptions): Promise<number> {
  const { directory } = await findPast(options);
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
