import { exitCodes, formatDuration, formatTestSelector } from "@netra-apex/core";
import { withStore } from "../history/with-store.ts";
import { findPast } from "./open-past.ts";
import type { PastOptions } from "./past-options.ts";
import { say, table } from "../table.ts";

/** `apex slowest`: tests by how long nearly all of their passes took. */
export async function slowestCommand(options: PastOptions): Promise<number> {
  const past = await findPast(options);
  const { category, limit } = options;
  const tests = await withStore(past, (store) => store.slowest({ environment: past.environment, category, limit }));
  say(options.json, tests, () => {
    if (tests.length === 0) return `no test has told how long it took (${past.environment})`;
    const rows = tests.map((test) => [
      formatDuration(test.p95Ms ?? 0),
      formatDuration(test.p50Ms ?? 0),
      test.category,
      formatTestSelector({ file: test.file, path: test.titles }),
    ]);
    return table([["p95", "p50", "category", "test"], ...rows], ">>");
  });
  return exitCodes.passed;
}
