import type { TestSelector } from "@netra-apex/core";

/** The version of the file that this program writes; it reads no other. */
export const lastRunVersion = 1;

/** Failed tests of one category that are remembered; with more of them it is run whole. */
export const mostTestsPerCategory = 1_000;

/** What is known of a category that did not pass when it ran last. */
export type CategoryState =
  | {
      /** These tests failed, and nothing else did. */
      readonly state: "tests-failed";
      readonly tests: readonly TestSelector[];
    }
  | {
      /** It failed as a whole: it crashed, reached a deadline, or tells no tests. */
      readonly state: "failed";
      readonly reason: string;
    }
  | {
      /** It never came to a result: what it needs failed, or the run was interrupted. */
      readonly state: "unproved";
      readonly reason: string;
    };

/** What an environment's runs have left open, by category; what passed is not in it. */
export interface EnvironmentState {
  /** The run that wrote it. */
  readonly runId: string;
  /** ISO 8601 time in UTC. */
  readonly at: string;
  readonly categories: Readonly<Record<string, CategoryState>>;
  /** The last pass of each category that ran whole and told its tests. */
  readonly passes?: Readonly<Record<string, LastPass>>;
}

/** A pass that later ones are held against. */
export interface LastPass {
  readonly tests: number;
  /** The command line that it was; another one may have other tests. */
  readonly command: string;
}

/** The file `.apex/last-run.json`: what runs have left open, by environment. */
export interface LastRun {
  readonly version: typeof lastRunVersion;
  readonly environments: Readonly<Record<string, EnvironmentState>>;
}

/** Tells selectors apart. */
export function selectorKey({ file, path }: TestSelector): string {
  return JSON.stringify([file, ...path]);
}
