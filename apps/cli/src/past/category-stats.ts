import { exitCodes, formatDuration } from "@netra-apex/core";
import { withStore } from "../history/with-store.ts";
import { findPast } from "./open-past.ts";
import type { PastOptions } from "./past-options.ts";
import { percentText, say, table, timeText } from "../table.ts";

/** `--show-category-stats`: what the history knows of each category. */
export async function categoryStatsCommand(options: PastOptions): Promise<number> {
  const past = await findPast(options);
  const stats = await withStore(past, (store) => store.categoryStats(past.environment));
  say(options.json, stats, () => {
    if (stats.length === 0) return `no category has run yet (${past.environment})`;
    const rows = stats.map((category) => [
      category.category,
      String(category.runs),
      percentText(category.successRate),
      String(category.flaky),
      category.p50Ms === undefined ? "-" : formatDuration(category.p50Ms),
      category.p95Ms === undefined ? "-" : formatDuration(category.p95Ms),
      String(category.tests),
      `${category.lastStatus}, ${timeText(category.lastMs)}`,
    ]);
    const head = ["category", "runs", "passed", "flaky", "p50", "p95", "tests", "last"];
    return table([head, ...rows], " >>>>>>");
  });
  return exitCodes.passed;
}
