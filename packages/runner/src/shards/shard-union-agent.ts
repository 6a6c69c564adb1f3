import { type Agent, type AgentReport, shardUnionAgentName, type ShardUnionTask } from "@netra-apex/core";
import { chooseAdapter } from "../adapters/adapter-registry.ts";
import type { LayerExecutionAgentOptions } from "../layer-execution-agent.ts";
import { createRunProcessTool } from "../run-process-tool.ts";

/**
 * The agent that stands for a sharded category: once all shards have passed, it lists all tests of the category and fails
 * where one was in no shard or in two. Where the framework cannot list its tests it passes with a warning, since each
 * shard has proved what it ran, as a category that is not sharded would have.
 */
export function createShardUnionAgent(options: LayerExecutionAgentOptions): Agent<ShardUnionTask, AgentReport> {
  const choose = options.chooseAdapter ?? chooseAdapter;
  return {
    name: shardUnionAgentName,
    description: "Checks that the shards of a category were all of its tests, each once.",
    limits: { timeoutMs: Number.POSITIVE_INFINITY, graceMs: 30_000 },
    tools: [createRunProcessTool(options)],
    async execute(task, context) {
      const [{ compareShards }, { listTests }, { shardTests }] = await Promise.all([
        import("./compare-shards.ts"),
        import("./list-tests.ts"),
        import("./shard-tests.ts"),
      ]);
      const shards = await Promise.all(task.shards.map((id) => shardTests(context, id)));
      const known = shards.flatMap((shard) => ("tests" in shard ? [shard] : []));
      const unknown = shards.flatMap((shard) => ("problem" in shard ? [shard.problem] : []));
      const adapter = choose(task.framework, task.command);
      context.think(`listing all tests of ${task.category}`);
      const whole = await listTests(task, adapter, context, options.runDirectory);
      const { outcome, warnings } = compareShards(known, whole);
      for (const warning of warnings) context.logger.warn(`${task.category}: ${warning}`);
      const evidence = { framework: adapter.name, cwd: task.cwd };
      if (unknown.length > 0) return { outcome: { status: "inconclusive", reason: unknown.join("; ") }, evidence };
      return { outcome, evidence };
    },
  };
}
