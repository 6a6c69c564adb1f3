import path from "node:path";
import type { BackgroundSettings, Config } from "@netra-apex/core";
import { ownPlaces } from "@netra-apex/store";
import type { ScheduleMemory } from "./schedule/plan-schedule.ts";
import type { Database } from "@netra-apex/store/sql";

/** What the worker daemon must know of a project's config. It never reads the config itself: that may be broken, or run code. */
export interface WorkerSettings extends BackgroundSettings {
  /** Absolute; where its results are exported to. */
  readonly resultsDirectory: string;
  readonly projectRoot: string;
  /** A config that was named, absolute. */
  readonly config?: string;
  /** What apex itself writes into the project. */
  readonly ownPlaces: readonly string[];
}

/** Small facts that are kept beside the queue, by name. */
export interface QueueFacts {
  /** As the config said when it was read last. */
  readonly settings: WorkerSettings;
  /** What is remembered of the schedules, by name. */
  readonly schedules: Readonly<Record<string, ScheduleMemory>>;
  /** Somebody stopped the worker: nobody starts it again unasked. */
  readonly stopped: { readonly atMs: number };
  /** Up to when a person has been told what finished, milliseconds since 1970. */
  readonly told: { readonly atMs: number };
}

/** What is known under a name. */
export function readFact<Name extends keyof QueueFacts>(database: Database, name: Name): QueueFacts[Name] | undefined {
  const row = database.sql("select value from fact where name = ?").get(name);
  return row && database.read(() => JSON.parse(String(row["value"])) as QueueFacts[Name]);
}

/** Keeps a fact, or forgets it. Writes only what has changed. */
export async function writeFact<Name extends keyof QueueFacts>(
  database: Database,
  name: Name,
  value: QueueFacts[Name] | undefined,
): Promise<void> {
  if (JSON.stringify(readFact(database, name)) === JSON.stringify(value)) return;
  await database.transaction(() => {
    if (value === undefined) database.sql("delete from fact where name = ?").run(name);
    else database.sql("insert or replace into fact (name, value) values (?, ?)").run(name, JSON.stringify(value));
  });
}

/** What the worker must know of a config. */
export function workerSettings(config: Config, file?: string): WorkerSettings {
  const { background, projectRoot } = config;
  const resultsDirectory = path.resolve(projectRoot, background.resultsDir);
  return {
    ...background,
    resultsDirectory,
    projectRoot,
    ...(file === undefined ? {} : { config: file }),
    ownPlaces: ownPlaces(config),
  };
}
