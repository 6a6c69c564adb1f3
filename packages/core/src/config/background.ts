import type { WrittenConfig } from "./written-config.ts";
import type { ConfigProblem } from "./problem.ts";
import type { NormalizedConfig } from "./normalize.ts";
import type { Locate } from "./rules.ts";

/** What people call the priorities of background tasks, most urgent first. */
export const priorityNames = ["critical", "high", "medium", "low", "idle"] as const;

/** One of {@link priorityNames}. */
export type PriorityName = (typeof priorityNames)[number];

/** How background tasks run, when they are queued by themselves, and who hears of their end. */
export interface BackgroundSettings {
  /** Most tasks at once. */
  readonly concurrency: number;
  /** For the results of tasks: relative to the project's root, or absolute. */
  readonly resultsDir: string;
  /** The worker ends after as long without work. */
  readonly idleExitMs: number;
  readonly schedule: readonly ScheduledTasks[];
  readonly notify: NotifySettings;
}

/** Categories that are queued at certain times. */
export interface ScheduledTasks {
  /** Unlike any other's of the config. */
  readonly name: string;
  /** Five fields, or a name such as `@daily`; what `findCronProblem` finds nothing wrong with. */
  readonly cron: string;
  /** The machine's own when absent. */
  readonly timezone?: string;
  /** Those that the config names, else all of the background layers that are configured. */
  readonly categories: readonly string[];
  /** Times at which nobody was awake: one run for all of them, or none. */
  readonly missed: "run" | "skip";
  /** Tests the work tree as it is at that time, whenever the task comes to run. */
  readonly isSnapshot: boolean;
  /** The category's own when absent. */
  readonly priority?: PriorityName;
}

/** Who hears of the end of a background task. */
export interface NotifySettings {
  /** `change`: when the verdict is another than before, or bad and the first one. */
  readonly on: "change" | "always" | "failure" | "never";
  /** In the worker's log. */
  readonly isLogged: boolean;
  /** Program and arguments. */
  readonly command?: readonly string[];
  /** Address that gets the result by POST. */
  readonly webhook?: string;
  /** `auto`: where there is a desktop. */
  readonly desktop: "auto" | "always" | "never";
}

const minuteMs = 60_000;

/** Without anything under `background:`. */
export const defaultBackground: BackgroundSettings = {
  concurrency: 1,
  resultsDir: "test_reports/background_e2e",
  idleExitMs: 10 * minuteMs,
  schedule: [],
  notify: { on: "change", isLogged: true, desktop: "auto" },
};

/** Reads `background:`, and says what is wrong with it. */
export async function readBackground(
  { background }: WrittenConfig,
  normalized: NormalizedConfig,
  { problem, known }: { readonly problem: Locate; readonly known: ReadonlySet<string> },
): Promise<{ readonly background: BackgroundSettings; readonly problems: readonly ConfigProblem[] }> {
  if (!background) return { background: defaultBackground, problems: [] };
  // Most configs say at most how many at once.
  const { readSchedule } = await import("./read-schedule.ts");
  const { readNotify } = await import("./read-notify.ts");
  const { parseDuration } = await import("./units.ts");
  const schedule = readSchedule(background.schedule ?? {}, normalized, { problem, known });
  const notify = readNotify(background.notify ?? {}, problem);
  const idleExitMs = background.idle_exit === undefined ? undefined : parseDuration(background.idle_exit);
  return {
    background: {
      concurrency: background.concurrency ?? defaultBackground.concurrency,
      resultsDir: background.results_dir ?? defaultBackground.resultsDir,
      idleExitMs: idleExitMs ?? defaultBackground.idleExitMs,
      schedule: schedule.schedule,
      notify: notify.notify,
    },
    problems: [...schedule.problems, ...notify.problems],
  };
}
