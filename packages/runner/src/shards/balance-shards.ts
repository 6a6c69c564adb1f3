import { type CategoryTask, layerExecutionAgentName, type Plan, type PlanNode } from "@netra-apex/core";
import { chooseAdapter } from "../adapters/adapter-registry.ts";
import type { TestFrameworkAdapter } from "../adapters/test-framework-adapter.ts";
import { withArguments } from "../with-arguments.ts";

/** How long test files took in the past, in milliseconds: by category, then by the file's path relative to the category's `cwd`, with `/`. */
export type PastFileDurations = ReadonlyMap<string, Readonly<Record<string, number>>>;

/** How shards are balanced. */
export interface BalanceOptions {
  /**
   * The durations are a snapshot that every machine of the run is given. A single shard (`--shard I/N`) is balanced only
   * then: each machine makes its own plan, and machines with different histories would leave files out and run others twice,
   * which none of them could see.
   */
  readonly isSameEverywhere?: boolean;
}

/** The snapshot is part of every shard's input, and so of the log of the run. */
const mostFiles = 1_000;

/**
 * The plan with the past times of their files in the tasks of its shards, so that the shards take about the same time. A note
 * says for each category with past times whether that is done, and if not, why: its framework then shares its tests out.
 * What is not a shard, and categories without past times, stay as they are.
 */
export function balanceShards(
  plan: Plan,
  past: PastFileDurations,
  { isSameEverywhere = false }: BalanceOptions = {},
): Plan {
  const notes = new Map<string, string>();
  const nodes = plan.nodes.map((node): PlanNode => {
    const task = taskOf(node);
    const known = task && past.get(task.category);
    if (!task?.shard || !known || Object.keys(known).length === 0) return node;
    const refusal = refusalOf(task, { count: Object.keys(known).length, isSameEverywhere });
    if (refusal !== undefined) {
      notes.set(task.category, `the shards of ${task.category} do not go by past times: ${refusal}`);
      return node;
    }
    const count = Object.keys(known).length;
    const files = `${count} ${count === 1 ? "file" : "files"}`;
    notes.set(task.category, `the shards of ${task.category} share its files out by the past times of ${files}`);
    return { ...node, input: { ...task, fileDurationsMs: rounded(known) } satisfies CategoryTask };
  });
  return notes.size === 0 ? plan : { ...plan, nodes, notes: [...plan.notes, ...notes.values()] };
}

function taskOf({ agent, skip, input }: PlanNode): CategoryTask | undefined {
  const task = input as CategoryTask;
  return agent === layerExecutionAgentName && !skip && task.selectors.length === 0 ? task : undefined;
}

function refusalOf(
  task: CategoryTask,
  { count, isSameEverywhere }: { readonly count: number; readonly isSameEverywhere: boolean },
): string | undefined {
  if (task.partOf === undefined && !isSameEverywhere) return "other machines may know others";
  if (count > mostFiles) return `${count} files are more than the ${mostFiles} that a plan takes along`;
  const command = withArguments(task.command, task.additionalArgs);
  let adapter: TestFrameworkAdapter;
  try {
    adapter = chooseAdapter(task.framework, command);
    if (!adapter.files) return `${adapter.name} cannot list its files or run a choice of them`;
    adapter.files.prepare({ command, reportFile: task.cwd, cwd: task.cwd, env: task.env });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

function rounded(durations: Readonly<Record<string, number>>): Record<string, number> {
  const usable = Object.entries(durations).filter(([, ms]) => Number.isFinite(ms) && ms >= 0);
  return Object.fromEntries(usable.map(([file, ms]) => [file, Math.round(ms)]));
}
