import * as z from "zod/mini";
import type { Agent } from "../agents/agent.ts";
import type { AgentMessage } from "../agents/message.ts";
import type { Tool } from "../agents/tool.ts";
import type { Config } from "../config/config.ts";
import type { RunEvent, RunSummary } from "../events/run-event.ts";
import { isConfigured } from "../layers/category.ts";
import type { Outcome } from "../outcome.ts";
import type { Plan } from "../plan/plan.ts";
import { resolvePlan } from "../plan/resolve-plan.ts";
import type { Selection } from "../plan/selection.ts";
import { RunTotals } from "./summarize.ts";

/** Name of the agent that plans and aggregates. */
export const testOrchestratorAgentName = "test-orchestrator";

/** Its answer to a `status` message. */
export interface OrchestrationStatus {
  /** Nodes of the plan. */
  readonly planned: number;
  /** Of those, the ones that have ended. */
  readonly ended: number;
  readonly running: readonly string[];
  /** Layers that have started and not ended. */
  readonly layers: readonly string[];
}

/** What it plans, and how. */
export interface OrchestrationTask {
  readonly selection: Selection;
}

/**
 * The agent that discovers, plans and aggregates. It accompanies every run: it follows the stream, answers `status` to
 * any agent that asks, and makes the summary when the controller asks it to `aggregate`. With a config it can also be a
 * node of a plan: it discovers the categories and plans a selection, and its output is the plan.
 */
export function createTestOrchestratorAgent(config?: Config): Agent<OrchestrationTask, { readonly plan: Plan }> {
  const totals = new RunTotals();
  const running = new Set<string>();
  const layers = new Set<string>();
  const tools = config ? [discoverTool(config), planTool(config)] : [];
  return {
    name: testOrchestratorAgentName,
    description: "Discovers categories, plans selections, aggregates results.",
    tools,
    leavesEventsAlone: true,
    async execute({ selection }, context) {
      context.think("looking for categories");
      await context.callTool("discover_categories", {});
      return { plan: await context.callTool<Plan>("resolve_plan", { selection }) };
    },
    health: () => ({ state: "healthy", detail: `${running.size} running` }),
    onEvent(event: RunEvent) {
      totals.onEvent(event);
      if (event.type === "node_started") running.add(event.nodeId);
      if (event.type === "node_completed") running.delete(event.nodeId);
      if (event.type === "layer_started") layers.add(event.layerId);
      if (event.type === "layer_completed") layers.delete(event.layerId);
    },
    async handleMessage({ topic, payload }: AgentMessage): Promise<OrchestrationStatus | RunSummary> {
      switch (topic) {
        case "status": {
          const { nodesByOutcome } = totals.counts;
          const ended = Object.values(nodesByOutcome).reduce((sum, count) => sum + count, 0);
          return { planned: totals.planned, ended, running: [...running], layers: [...layers] };
        }
        case "aggregate":
          return totals.summary(payload as { outcome: Outcome; durationMs: number });
        default:
          throw new TypeError(`it answers status and aggregate, not ${topic}`);
      }
    },
  };
}

function discoverTool({ categories }: Config): Tool {
  return {
    name: "discover_categories",
    description: "The categories of the project, and which of them are configured.",
    input: z.object({}),
    run: async () =>
      [...categories.values()].map((category) => ({ name: category.name, isConfigured: isConfigured(category) })),
  };
}

function planTool(config: Config): Tool<{ selection: unknown }, Plan> {
  return {
    name: "resolve_plan",
    description: "Resolves a selection into a plan.",
    input: z.object({ selection: z.looseObject({}) }),
    run: async ({ selection }) => resolvePlan(config, selection as Selection),
  };
}
