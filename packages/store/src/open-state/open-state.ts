import type { TestSelector } from "@netra-apex/core";

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

/** A pass that later ones are held against. */
export interface LastPass {
  readonly tests: number;
  /** The command line that it was; another one may have other tests. */
  readonly command: string;
}

/** Tells selectors apart. */
export function selectorKey({ file, path }: TestSelector): string {
  return JSON.stringify([file, ...path]);
}
