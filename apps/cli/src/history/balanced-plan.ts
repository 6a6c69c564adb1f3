import { type CategoryTask, type Config, describeThrown, type Plan } from "@netra-apex/core";
import { balanceShards } from "@netra-apex/runner";
import { Store, storeDirectory } from "@netra-apex/store";
import { loadSqliteQuietly } from "./load-sqlite.ts";

/**
 * The plan with shards that take about the same time, as far as earlier runs tell how long files take. A history that cannot be
 * used is told on stderr.
 */
export async function balancedPlan(config: Config, plan: Plan): Promise<Plan> {
  const sharded = new Set(
    plan.nodes.flatMap(({ input, skip }) => {
      const { category, shard, partOf } = input as Partial<CategoryTask>;
      return category !== undefined && shard && partOf !== undefined && !skip ? [category] : [];
    }),
  );
  if (sharded.size === 0) return plan;
  let store: Store | undefined;
  try {
    loadSqliteQuietly();
    store = await Store.openToRead(storeDirectory(config));
    if (!store) return plan;
    const past = new Map<string, Readonly<Record<string, number>>>();
    for (const category of sharded) {
      past.set(category, Object.fromEntries(store.fileDurations(plan.environment, category)));
    }
    return balanceShards(plan, past);
  } catch (error) {
    process.stderr.write(`warning  the shards are not balanced: ${describeThrown(error)}\n`);
    return plan;
  } finally {
    store?.close();
  }
}

/** The plan with the past times of files that an earlier plan went by: its shards stay the same parts of their category. */
export function balancedAs(earlier: Plan, plan: Plan): Plan {
  const times = new Map(earlier.nodes.map(({ id, input }) => [id, (input as Partial<CategoryTask>).fileDurationsMs]));
  const nodes = plan.nodes.map((node) => {
    const fileDurationsMs = times.get(node.id);
    return fileDurationsMs === undefined
      ? node
      : { ...node, input: { ...(node.input as CategoryTask), fileDurationsMs } };
  });
  return { ...plan, nodes };
}
