import type { NodeId } from "../ids.ts";
import type { Command, Evidence } from "../layers/category.ts";
import type { LimitRequest } from "../layers/limits.ts";
import type { TestResult } from "../test-result.ts";

/** Exactly which tests of a category to run; without any, all of them. */
export interface TestSelector {
  /** Path relative to the category's working directory; empty when the report named none. */
  readonly file: string;
  /** Suites, outermost first, then the test's own title; empty selects the whole file. */
  readonly path: readonly string[];
}

/** What must be true of a green result beside that no test failed. */
export interface AuthenticityRules {
  /** What it is said to prove; absent when nothing was said. */
  readonly evidence?: Evidence;
  /** Real services or a real language model were asked for: what only looks suspicious otherwise decides then. */
  readonly isStrict: boolean;
  /** Milliseconds. */
  readonly minDurationMs?: number;
  /** Texts, or `/regular expressions/`, that no line of the output may match. */
  readonly forbidOutput: readonly string[];
}

/** One part of a category's tests, for running them on several workers: `1/4` to `4/4`. */
export interface TestShard {
  /** From 1 on. */
  readonly index: number;
  readonly total: number;
}

/** The input of a plan node that runs a test category. Plain data. */
export interface CategoryTask {
  readonly category: string;
  readonly command: Command;
  /** Adapter name; guessed from the command when absent. */
  readonly framework?: string;
  /** Where the command writes a report by itself: a path or a glob relative to `cwd`. */
  readonly report?: string;
  /** Absolute working directory. */
  readonly cwd: string;
  /** Added to the environment of `apex` itself. */
  readonly env: Readonly<Record<string, string>>;
  /** Appended to the command as the user gave them after `--`. */
  readonly additionalArgs: readonly string[];
  readonly selectors: readonly TestSelector[];
  /** Where the framework cannot select tests, all are run. */
  readonly isSelectionOptional?: true;
  /** Only this part of its tests; not together with selectors. */
  readonly shard?: TestShard;
  /**
   * How long the category's files took in the past, in whole milliseconds, by path relative to `cwd`: its shards share the
   * files out by these. Part of the input, so that all shards go by the same.
   */
  readonly fileDurationsMs?: Readonly<Record<string, number>>;
  /** The node that this one is a shard of, where that is part of the plan. */
  readonly partOf?: NodeId;
  /** Whether coverage is measured; absent: as the command says. */
  readonly coverage?: boolean;
  /** Tests that take longer, in milliseconds, are named at the end of the run. */
  readonly slowTestMs?: number;
  readonly allowNoTests: boolean;
  readonly limits?: LimitRequest;
  readonly isolation?: "pidns";
  /** How long its command may stay after its last test, in milliseconds, before it is ended; a minute when absent. */
  readonly drainMs?: number;
  /** Absent: nothing is asked beside the verdict of the tests. */
  readonly authenticity?: AuthenticityRules;
}

/** Name of the agent that executes category tasks. */
export const layerExecutionAgentName = "layer-execution";

/** Selects a test that was reported; all of a file, where it was the file itself that failed. */
export function selectorOf({ file = "", suites, name }: Pick<TestResult, "file" | "suites" | "name">): TestSelector {
  return isFileItself({ file, suites, name }) ? { file, path: [] } : { file, path: [...suites, name] };
}

/** Whether a "test" is its whole file: something failed outside the tests in it. */
export function isFileItself({ file, suites, name }: Pick<TestResult, "file" | "suites" | "name">): boolean {
  return suites.length === 0 && name === file;
}

/**
 * Reads `PATH[::SUITE…::TEST]`. Neither half may contain `::` itself, which no framework's report escapes.
 */
export function parseTestSelector(text: string): TestSelector {
  const [file = "", ...path] = text.split("::");
  return { file, path };
}

/** The inverse of {@link parseTestSelector}. */
export function formatTestSelector(selector: TestSelector): string {
  return [selector.file, ...selector.path].join("::");
}
