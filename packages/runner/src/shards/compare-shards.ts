import type { Outcome } from "@netra-apex/core";
import type { TestList } from "../adapters/test-framework-adapter.ts";
import type { ShardTest, ShardTests } from "./shard-tests.ts";

/** What comparing the shards of a category with all of its tests comes to. */
export interface ShardComparison {
  readonly outcome: Outcome;
  /** What a reader should know although it changes nothing. */
  readonly warnings: readonly string[];
}

const named = 5;

/**
 * Whether the shards together ran every test once: no test in two of them and, where all tests are known, none in no shard.
 * `whole` says what the framework lists: files, or single tests; a string says why it cannot.
 */
export function compareShards(shards: readonly ShardTests[], whole: TestList | string): ShardComparison {
  const of = typeof whole === "string" ? "tests" : whole.of;
  const ranIn = new Map<string, string[]>();
  for (const { shard, tests } of shards) {
    for (const key of new Set(tests.flatMap((test) => keyOf(test, of) ?? []))) {
      const before = ranIn.get(key);
      if (before) before.push(shard);
      else ranIn.set(key, [shard]);
    }
  }
  const twice = [...ranIn].filter(([, ids]) => ids.length > 1).map(([key, ids]) => `${key} (${ids.join(", ")})`);
  const listed = new Set(typeof whole === "string" ? ranIn.keys() : whole.ids);
  const nowhere = [...listed].filter((key) => !ranIn.has(key));
  const unlisted = [...ranIn.keys()].filter((key) => !listed.has(key));
  const problems = [
    ...(nowhere.length > 0 ? [`${amount(nowhere.length, of)} in no shard: ${names(nowhere)}`] : []),
    ...(twice.length > 0 ? [`${amount(twice.length, of)} in more than one shard: ${names(twice)}`] : []),
  ];
  const warnings = [
    ...(typeof whole === "string" ? [`that no test is missing from the shards is not checked: ${whole}`] : []),
    ...(unlisted.length > 0 ? [`the shards ran what the framework does not list: ${names(unlisted)}`] : []),
  ];
  return {
    outcome: problems.length === 0 ? { status: "passed" } : { status: "failed", reason: problems.join("; ") },
    warnings,
  };
}

function keyOf({ id, file }: ShardTest, of: TestList["of"]): string | undefined {
  return of === "files" ? file : id;
}

function amount(count: number, of: TestList["of"]): string {
  return `${count} ${count === 1 ? of.slice(0, -1) : of}`;
}

function names(keys: readonly string[]): string {
  const more = keys.length > named ? ` and ${keys.length - named} more` : "";
  return keys.slice(0, named).join(", ") + more;
}
