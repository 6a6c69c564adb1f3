import type { Command } from "../layers/category.ts";

/** Exactly which tests of a category to run; without any, all of them. */
export interface TestSelector {
  /** Path relative to the category's working directory; empty when the report named none. */
  readonly file: string;
  /** Suites, outermost first, then the test's own title; empty selects the whole file. */
  readonly path: readonly string[];
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
  readonly allowNoTests: boolean;
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
