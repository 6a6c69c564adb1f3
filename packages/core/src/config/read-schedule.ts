import { isConfigured } from "../layers/category.ts";
import type { ScheduledTasks } from "./background.ts";
import { findCronProblem } from "./cron-text.ts";
import type { NormalizedConfig } from "./normalize.ts";
import type { ConfigProblem } from "./problem.ts";
import type { Locate } from "./rules.ts";
import { didYouMean } from "./suggest.ts";
import type { WrittenSchedule } from "./written-config.ts";

/** Reads `background.schedule`. `known` are the categories that may be named. */
export function readSchedule(
  written: Readonly<Record<string, WrittenSchedule>>,
  normalized: NormalizedConfig,
  { problem, known }: { readonly problem: Locate; readonly known: ReadonlySet<string> },
): { readonly schedule: readonly ScheduledTasks[]; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const schedule: ScheduledTasks[] = [];
  for (const [name, { cron, categories, timezone, missed, snapshot, priority }] of Object.entries(written)) {
    const at = ["background", "schedule", name];
    const wrong = findCronProblem(cron);
    if (wrong !== undefined) {
      const hint =
        'minute, hour, day, month, weekday: "0 2 * * *" is 2 o\'clock every night; or @hourly, @daily, @weekly';
      problems.push(problem(`no time to run at: ${wrong}`, [...at, "cron"], hint));
    }
    for (const [index, category] of (categories ?? []).entries()) {
      if (known.has(category)) continue;
      const hint = didYouMean(category, known);
      problems.push(problem(`unknown category "${category}"`, [...at, "categories", index], hint));
    }
    if (timezone !== undefined && !isTimezone(timezone)) {
      const hint = "write it as in the time zone database, such as Europe/Berlin or UTC";
      problems.push(problem(`unknown time zone "${timezone}"`, [...at, "timezone"], hint));
    }
    schedule.push({
      name,
      cron: cron.trim(),
      ...(timezone === undefined ? {} : { timezone }),
      categories: categories ?? backgroundCategories(normalized),
      missed: missed ?? "run",
      isSnapshot: snapshot ?? false,
      ...(priority === undefined ? {} : { priority }),
    });
  }
  return { schedule, problems };
}

function backgroundCategories({ layers, categories }: NormalizedConfig): string[] {
  const placed = [...layers.values()]
    .filter((layer) => layer.isBackground)
    .flatMap((layer) => layer.placements.map(({ category }) => category));
  return [...new Set(placed)].filter((name) => isConfigured(categories.get(name)));
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
