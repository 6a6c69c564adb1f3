import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { type AgentContext, describeThrown, type NodeId, type TestResult } from "@netra-apex/core";

/** A test that a shard reported, as far as it must be told from others. */
export interface ShardTest {
  readonly id: string;
  readonly file?: string;
}

/** What one shard ran. */
export interface ShardTests {
  readonly shard: NodeId;
  readonly tests: readonly ShardTest[];
}

const keyOf = (shard: NodeId): string => `shard-tests/${shard}`;

/**
 * Keeps the tests of a shard in a file beside its report, and says in the run's state where: they may be too many for the
 * state itself, and a resumed run finds them there.
 */
export async function keepShardTests(
  { run, node, state }: AgentContext,
  tests: readonly TestResult[],
  reportFile: string,
): Promise<void> {
  const file = `${reportFile}.tests`;
  const written = tests.map(({ id, file: of }): ShardTest => ({ id, ...(of === undefined ? {} : { file: of }) }));
  await writeFile(`${file}.part`, JSON.stringify(written));
  await rename(`${file}.part`, file);
  state.set(keyOf(node.id), path.relative(run.projectRoot, file).replaceAll(path.sep, "/"));
}

/** The tests of a shard, or why they are not known. */
export async function shardTests(
  { run, state }: AgentContext,
  shard: NodeId,
): Promise<ShardTests | { readonly problem: string }> {
  const file = state.get(keyOf(shard));
  if (typeof file !== "string") return { problem: `${shard} left no list of its tests` };
  try {
    const tests = JSON.parse(await readFile(path.resolve(run.projectRoot, file), "utf8")) as readonly ShardTest[];
    return { shard, tests };
  } catch (error) {
    return { problem: `the list of the tests of ${shard} cannot be read: ${describeThrown(error)}` };
  }
}
