import type { LogLevel } from "../events/run-event.ts";
import { parseDuration, parseSize } from "./units.ts";
import type { WrittenConfig } from "./written-config.ts";

/** What is kept of past runs, and where. */
export interface HistorySettings {
  /** Otherwise runs leave no journal and no results. */
  readonly isEnabled: boolean;
  /** As written; the user of a config decides what stands in for it. */
  readonly directory?: string;
  readonly keepRuns?: number;
  /** Milliseconds. */
  readonly maxAgeMs?: number;
  /** Bytes. */
  readonly maxBytes?: number;
}

/** The log files of runs. */
export interface LogSettings {
  readonly isEnabled: boolean;
  /** Relative to the project's root, or absolute. */
  readonly directory: string;
  /** The least urgent that is written. */
  readonly level: LogLevel;
  /** As many files are kept. */
  readonly keep: number;
}

/** Reads `history:`. */
export function readHistorySettings({ history = {} }: WrittenConfig): HistorySettings {
  const { enabled: isEnabled = true, directory, keep_runs: keepRuns, max_age: maxAge, max_size: maxSize } = history;
  const maxAgeMs = maxAge === undefined ? undefined : parseDuration(maxAge);
  const maxBytes = maxSize === undefined ? undefined : parseSize(maxSize);
  return {
    isEnabled,
    ...(directory === undefined ? {} : { directory }),
    ...(keepRuns === undefined ? {} : { keepRuns }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  };
}

/** Reads `logs:`. */
export function readLogSettings({ logs = {} }: WrittenConfig): LogSettings {
  const { enabled = true, directory = "logs/orchestration", level = "info", keep = 50 } = logs;
  return { isEnabled: enabled, directory, level, keep };
}
