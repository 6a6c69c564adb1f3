import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type CategoryTask, definePlan, type PlanNodeSketch, runPlan, type RunSummary } from "@netra-apex/core";
import { EventRecorder } from "@netra-apex/core/testing";
import { createLayerExecutionAgent, type LayerExecutionAgentOptions } from "../src/layer-execution-agent.ts";
import { createShardUnionAgent } from "../src/shards/shard-union-agent.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A project in a temporary directory. */
export function temporaryProject(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }
  return root;
}

/** The node of a category that is run in `projectRoot`. */
export function categoryNode(
  projectRoot: string,
  task: Partial<CategoryTask> & Pick<CategoryTask, "command">,
  rest: Partial<PlanNodeSketch> = {},
): PlanNodeSketch {
  const input: CategoryTask = {
    category: "unit",
    cwd: projectRoot,
    env: {},
    additionalArgs: [],
    selectors: [],
    allowNoTests: false,
    ...task,
  };
  return { id: input.category, agent: "layer-execution", input, ...rest };
}

/** Runs nodes through the engine with the real agents, one at a time unless `maxParallel` says otherwise. */
export async function runNodes(
  projectRoot: string,
  nodes: readonly PlanNodeSketch[],
  { maxParallel = 1, ...options }: Partial<LayerExecutionAgentOptions> & { readonly maxParallel?: number } = {},
): Promise<{ readonly summary: RunSummary; readonly recorder: EventRecorder }> {
  const recorder = new EventRecorder();
  const agentOptions = { runDirectory: ".apex/runs/run-1", graceMs: 10_000, ...options };
  const summary = await runPlan(definePlan({ projectRoot, maxParallel, nodes }), {
    agents: [createLayerExecutionAgent(agentOptions), createShardUnionAgent(agentOptions)],
    reporters: [recorder],
  });
  return { summary, recorder };
}
