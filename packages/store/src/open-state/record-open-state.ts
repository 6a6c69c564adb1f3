import type { RunRecord } from "../history/run-record.ts";
import type { Database } from "../sql/open-database.ts";
import { nextState } from "./next-state.ts";
import type { CategoryState, LastPass } from "./open-state.ts";
import type { OpenStateRecorder } from "./open-state-recorder.ts";

/** Settles what is open in each category that the run was about, unless a later run has done so already. */
export function recordOpenState(
  database: Database,
  { id, startedMs, environment }: Pick<RunRecord, "id" | "startedMs" | "environment">,
  { ends, passes }: OpenStateRecorder,
): void {
  const rows = database.sql("select category, at_ms, state from open_category where environment = ?").all(environment);
  const later = new Set(rows.filter((row) => Number(row["at_ms"]) > startedMs).map((row) => String(row["category"])));
  const before = Object.fromEntries(
    rows.flatMap((row) => {
      const state = JSON.parse(String(row["state"])) as CategoryState | null;
      return state ? [[String(row["category"]), state]] : [];
    }),
  );
  const after = nextState(before, ends);
  const settle = database.sql(
    "insert or replace into open_category (environment, category, run, at_ms, state) values (?, ?, ?, ?, ?)",
  );
  for (const category of ends.keys()) {
    // What is settled stays as a row, so that an older run which is told later does not open it again.
    if (!later.has(category)) settle.run(environment, category, id, startedMs, JSON.stringify(after[category] ?? null));
  }
  const pass = database.sql(
    `insert into last_pass (environment, category, run, at_ms, tests, command) values (?, ?, ?, ?, ?, ?)
     on conflict do update set run = excluded.run, at_ms = excluded.at_ms, tests = excluded.tests, command = excluded.command
     where excluded.at_ms >= at_ms`,
  );
  for (const [category, { tests, command }] of passes) pass.run(environment, category, id, startedMs, tests, command);
}

/** What is open in an environment, by category; undefined when nothing was ever run in it. */
export function readOpenState(
  database: Database,
  environment: string,
): Readonly<Record<string, CategoryState>> | undefined {
  const rows = database.sql("select category, state from open_category where environment = ?").all(environment);
  if (rows.length === 0) return undefined;
  return Object.fromEntries(
    rows.flatMap((row) => {
      const state = JSON.parse(String(row["state"])) as CategoryState | null;
      return state ? [[String(row["category"]), state] as const] : [];
    }),
  );
}

/** The last pass of each category that ran whole and told its tests, by name. */
export function readLastPasses(database: Database, environment: string): ReadonlyMap<string, LastPass> {
  const rows = database.sql("select category, tests, command from last_pass where environment = ?").all(environment);
  return new Map(
    rows.map((row) => [String(row["category"]), { tests: Number(row["tests"]), command: String(row["command"]) }]),
  );
}
