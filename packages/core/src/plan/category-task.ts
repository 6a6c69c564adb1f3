import type { Command, Evidence } from "../layers/category.ts";
import type { LimitRequest } from "../layers/limits.ts";

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

/** The input of a plan node that runs a test category. Plain data. */
export interface CategoryTask {
  readonly category: string;
  readonly command: Command;
  /** Adapter name; guessed from the command when absent. */
  readonly framework?: string;
  /** Absolute working directory. */
  readonly cwd: string;
  /** Added to the environment of `apex` itself. */
  readonly env: Readonly<Record<string, string>>;
  /** Appended to the command as the user gave them after `--`. */
  readonly additionalArgs: readonly string[];
  readonly selectors: readonly TestSelector[];
  readonly allowNoTests: boolean;
  readonly limits?: LimitRequest;
  readonly isolation?: "pidns";
  /** Absent: nothing is asked beside the verdict of the tests. */
  readonly authenticity?: AuthenticityRules;
}

/** Name of the agent that executes category tasks. */
export const layerExecutionAgentName = "layer-execution";

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
