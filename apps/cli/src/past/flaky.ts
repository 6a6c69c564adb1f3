import { exitCodes, formatDuration, formatTestSelector } from "@netra-apex/core";
import { withStore } from "../history/with-store.ts";
import { findPast } from "./open-past.ts";
import { type PastOptions, windowOf } from "./past-options.ts";
import { countText, say, table, timeText } from "../table.ts";

/** A test that was not flaky for this long is taken for mended: 14 days, in milliseconds. */
const quietMs = 14 * 24 * 3_600_000;

/** `apex flaky`: tests that passed and failed with the same code, or passed only when they were run again. */
export async function flakyCommand(options: PastOptions): Promise<number> {
  const past = await findPast(options);
  const windowMs = windowOf(options) ?? quietMs;
  const { category, limit } = options;
  const tests = await withStore(past, (store) =>
    store.flaky({ environment: past.environment, category, limit, sinceMs: Date.now() - windowMs }),
  );
  say(options.json, tests, () => {
    if (tests.length === 0) return `no test was flaky in the last ${windowText(windowMs)} (${past.environment})`;
    const rows = tests.map((test) => [
      `${test.flakyCount} ×`,
      `of ${countText(test.runs, "run")}`,
      timeText(test.flakyMs ?? 0),
      test.category,
      formatTestSelector({ file: test.file, path: test.titles }),
    ]);
    return `flaky: passed and failed with the same code, or only passed when run again\n${table(rows, ">>")}`;
  });
  return exitCodes.passed;
}

function windowText(ms: number): string {
  const days = ms / (24 * 3_600_000);
  return Number.isInteger(days) ? countText(days, "day") : formatDuration(ms);
}
