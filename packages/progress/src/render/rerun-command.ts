import { formatTestSelector, shellQuote, type TestSelector, type TestShard } from "@netra-apex/core";
import { isFileItself } from "./test-title.ts";
import type { KeptTest, FinishedNode } from "../node-view.ts";

/** What a screen does not show as it is: control characters, line ends and marks that reorder text. */
const unsafe = /\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/u;

/** What is known of a node that is to run again. */
type Rerunnable = Pick<FinishedNode, "outcome" | "counts"> & { readonly failedTests: readonly TestPlaceName[] };

/** A test, as far as a selector needs it. */
type TestPlaceName = Pick<KeptTest, "name" | "suites" | "file">;

/**
 * The command line that runs a category's failed tests again, and nothing else where that can be said: a category that
 * did not get to its end, or with more failed tests than are kept, runs whole, or the shard of it; a test whose title no selector can hold
 * runs with its file. Undefined for a category whose very name cannot be shown.
 */
export function rerunCommand(
  category: string,
  node: Rerunnable,
  prefix: readonly string[],
  shard?: TestShard,
): string | undefined {
  const words = rerunWords(category, node, shard);
  return words && commandOf([...prefix, ...words]);
}

/** The words of {@link rerunCommand} after its prefix. */
export function rerunWords(category: string, node: Rerunnable, shard?: TestShard): string[] | undefined {
  const words = [category];
  const selectors = selectFailed(node);
  for (const selector of selectors) words.push("--test-file", formatTestSelector(selector));
  if (shard && selectors.length === 0) words.push("--shard", `${shard.index}/${shard.total}`);
  return commandOf(words) === undefined ? undefined : words;
}

/** Words as a line for a shell; undefined where it could not be copied off a screen. */
export function commandOf(words: readonly string[]): string | undefined {
  return words.some((word) => unsafe.test(word)) ? undefined : words.map(shellQuote).join(" ");
}

function selectFailed({ outcome, counts, failedTests }: Rerunnable): readonly TestSelector[] {
  const isWhole = outcome.status !== "failed" || counts.failed !== failedTests.length;
  if (isWhole) return [];
  const selectors = new Map<string, TestSelector>();
  for (const test of failedTests) {
    const selector = selectTest(test);
    if (!selector) return [];
    selectors.set(formatTestSelector(selector), selector);
  }
  // A file that runs whole has its tests in it.
  return [...selectors.values()].filter(({ file, path }) => path.length === 0 || !selectors.has(file));
}

function selectTest(test: TestPlaceName): TestSelector | undefined {
  const { file = "", suites, name } = test;
  if (!isSayable(file)) return undefined;
  if (isFileItself(test)) return { file, path: [] };
  const path = [...suites, name];
  if (path.every((part) => part !== "" && isSayable(part))) return { file, path };
  return file === "" ? undefined : { file, path: [] };
}

/** The separator cannot be escaped, and control characters cannot be copied off a screen. */
function isSayable(text: string): boolean {
  return !text.includes("::") && !unsafe.test(text);
}
