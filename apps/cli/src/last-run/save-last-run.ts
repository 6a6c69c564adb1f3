import { type Config, describeThrown, isConfigured, type Plan, type RunId } from "@netra-apex/core";
import { type CategoryState, type LastRun, lastRunVersion } from "./last-run.ts";
import { readLastRun, writeLastRun } from "./last-run-file.ts";
import type { LastRunRecorder } from "./last-run-recorder.ts";
import { nextState } from "./next-state.ts";

/** Environments that are remembered, the latest ones. */
const mostEnvironments = 20;

/** What a run has left open, and what went wrong with keeping it. */
export interface SavedRun {
  /** By category. */
  readonly open: Readonly<Record<string, CategoryState>>;
  readonly warnings: readonly string[];
}

/** Keeps what a run has left open for the next one. Never throws: tests that ran are not undone by a full disk. */
export function saveLastRun(recorder: LastRunRecorder, config: Config, plan: Plan, runId: RunId): SavedRun {
  const warnings: string[] = [];
  const { environment, projectRoot } = plan;
  const before = readOr(projectRoot, warnings);
  const known = Object.entries(before?.environments[environment]?.categories ?? {}).filter(([category]) =>
    isConfigured(config.categories.get(category)),
  );
  const open = nextState(Object.fromEntries(known), recorder.ends);
  const others = Object.entries(before?.environments ?? {})
    .filter(([name]) => name !== environment)
    .sort(([, left], [, right]) => (left.at < right.at ? 1 : -1))
    .slice(0, mostEnvironments - 1);
  const passes = { ...before?.environments[environment]?.passes, ...Object.fromEntries(recorder.passes) };
  const own = { runId, at: new Date().toISOString(), categories: open, passes };
  const environments = Object.fromEntries([[environment, own], ...others]);
  try {
    writeLastRun(projectRoot, { version: lastRunVersion, environments });
  } catch (error) {
    warnings.push(`what failed cannot be kept for --last-failed: ${describeThrown(error)}`);
  }
  return { open, warnings };
}

function readOr(projectRoot: string, warnings: string[]): LastRun | undefined {
  try {
    return readLastRun(projectRoot);
  } catch (error) {
    warnings.push(`what failed in earlier runs is forgotten: ${describeThrown(error)}`);
    return undefined;
  }
}
