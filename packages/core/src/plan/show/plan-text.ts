import { formatDuration, formatSize } from "../../config/units.ts";
import type { CategoryTask } from "../category-task.ts";
import { commandText } from "../../layers/command-text.ts";
import { timeoutsTogether } from "../../layers/timeouts-together.ts";
import { outcomeStatuses } from "../../outcome.ts";
import type { Condition, Resources, Sla } from "../../layers/node-rules.ts";
import type { LayerId } from "../../ids.ts";
import type { LeftOutLayer, Plan, PlanLayer, PlanNode } from "../plan.ts";
import { estimateText } from "./estimate-text.ts";
import { needsText } from "./needs-text.ts";
import type { ShowPlanOptions } from "./show-plan.ts";

/**
 * The plan for people: layers in order with gates, budgets and what they need, categories with timeouts and commands; then the layers that
 * were left out, and the notes. With an estimate also what history says of each.
 */
export function planText(plan: Plan, { estimate, queued = [] }: ShowPlanOptions = {}): string {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const width = Math.max(8, ...plan.nodes.map((node) => node.id.length));
  const estimated = estimateText(estimate);
  const blocks = plan.layers.map((layer, index) =>
    [
      `${index + 1}. ${layer.name}  (${layer.id})`,
      `   ${layerFacts(layer, nodes, queued).join(" · ")}`,
      ...(layer.needs && !queued.includes(layer.id) ? present(needsText(layer.needs) || undefined) : []).map(
        (line) => `   ${line}`,
      ),
      ...present(estimated.layers.get(layer.id)).map((line) => `   ${line}`),
      ...layer.nodes
        .map((id) => nodes.get(id))
        .filter((node) => node !== undefined)
        .map((node) => nodeLine(node, width, estimated.nodes.get(node.id))),
    ].join("\n"),
  );
  const leftOut = plan.leftOut.map((layer) =>
    [`-  ${layer.name}  (${layer.id})`, `   left out: ${layer.reason}`, `   ${leftOutFacts(layer).join(" · ")}`].join(
      "\n",
    ),
  );
  const notes = plan.notes.map((note) => `note: ${note}`);
  const top = [header(plan, queued), ...present(estimated.run)].join("\n");
  return [top, ...blocks, ...leftOut, ...(notes.length > 0 ? [notes.join("\n")] : [])].join("\n\n");
}

function header(plan: Plan, queued: readonly LayerId[]): string {
  const categories = plan.nodes.filter((node) => (node.input as Partial<CategoryTask>)?.partOf === undefined);
  const runnable = categories.filter((node) => !node.skip).length;
  const budget = totalBudget(plan, queued);
  return [
    plan.runMode === undefined ? "plan of the selection" : `plan of run mode ${plan.runMode}`,
    `environment ${plan.environment}`,
    `${count(plan.layers.length, "layer")}, ${runnable} of ${count(categories.length, "category", "categories")} configured`,
    `${plan.maxParallel} at once`,
    ...(queued.length > 0 ? [`${count(queued.length, "layer")} queued for the background`] : []),
    ...(plan.shard ? [`shard ${plan.shard.index}/${plan.shard.total} only`] : []),
    ...(budget === undefined ? [] : [`at most ${formatDuration(budget)}`]),
    ...(plan.failurePolicy === "continue" ? [] : [`on failure: ${plan.failurePolicy}`]),
  ].join(" · ");
}

/** The longest that the run can take: its own budget, or the heaviest chain of layers' budgets when each has one. */
function totalBudget(plan: Plan, queued: readonly LayerId[]): number | undefined {
  const ends = new Map<string, number>();
  for (const layer of plan.layers) {
    if (queued.includes(layer.id)) continue;
    if (layer.budgetMs === undefined) return plan.budgetMs;
    const start = Math.max(0, ...layer.gates.map((gate) => ends.get(gate) ?? 0));
    ends.set(layer.id, start + layer.budgetMs);
  }
  if (ends.size === 0) return plan.budgetMs;
  const chain = Math.max(...ends.values());
  return Math.min(chain, plan.budgetMs ?? chain);
}

const failureFact = {
  "stop-starting": "stops at its first failure",
  "cancel-running": "is cancelled at its first failure",
} as const;

function layerFacts(layer: PlanLayer, nodes: ReadonlyMap<string, PlanNode>, queued: readonly LayerId[]): string[] {
  // Each of its categories becomes a task of its own, which neither waits for other layers nor shares a budget.
  if (queued.includes(layer.id)) return ["into the background queue at once, a task for each category"];
  return [
    layer.gates.length > 0 ? `after ${layer.gates.join(", ")} passed` : "starts at once",
    ...(layer.assumed.length > 0 ? [`${layer.assumed.join(", ")} taken as passed`] : []),
    layer.executionMode,
    ...(layer.executionMode === "sequential" ? [] : [`${layer.maxParallel} at once`]),
    budgetFact(
      layer,
      layer.nodes.map((id) => nodes.get(id)?.timeoutMs ?? 0),
    ),
    ...(layer.failurePolicy === "continue" ? [] : [failureFact[layer.failurePolicy]]),
  ];
}

/** What would hold for the layer if it had something to run. */
function leftOutFacts({ dependencies, executionMode, budgetMs }: LeftOutLayer): string[] {
  return [
    dependencies.length > 0 ? `after ${dependencies.join(", ")} passed` : "starts at once",
    executionMode,
    budgetMs === undefined ? "no budget" : `budget ${formatDuration(budgetMs)}`,
  ];
}

/** The budget, and whether it cuts the categories' own timeouts short: nobody should wait for those then. */
function budgetFact({ budgetMs, executionMode }: PlanLayer, timeouts: readonly number[]): string {
  if (budgetMs === undefined) return "no budget";
  const together = timeoutsTogether(executionMode, timeouts);
  const budget = `budget ${formatDuration(budgetMs)}`;
  return together > budgetMs ? `${budget} (less than its categories' timeouts, ${formatDuration(together)})` : budget;
}

function present(line: string | undefined): string[] {
  return line === undefined ? [] : [line];
}

function nodeLine(node: PlanNode, width: number, estimated: string | undefined): string {
  const id = node.id.padEnd(width);
  if (node.skip) return `   - ${id}  ${node.skip.reason}`;
  // The shards have said how.
  if (node.parts) return `   - ${id}  all of ${partsText(node.parts)}, and that they were all its tests`;
  const facts = [
    ...present(estimated),
    ...shardFacts(node),
    ...(node.timeoutMs === undefined ? [] : [`at most ${formatDuration(node.timeoutMs)}`]),
    ...(node.retry.maxAttempts > 1 ? [`up to ${node.retry.maxAttempts} attempts`] : []),
    ...(node.retry.maxAttempts > 1 && node.retry.when === "end-isolated" ? ["again at the end, alone"] : []),
    ...(node.flaky === "fail" ? ["fails when flaky"] : []),
    ...(node.needs.length > 0 ? [`after ${node.needs.join(", ")}`] : []),
    ...(node.exclusive ? ["exclusive"] : []),
    ...(node.reserves ? [`reserves ${resourcesText(node.reserves)}`] : []),
    ...(node.sla ? slaFacts(node.sla) : []),
    ...(node.mutexes?.length ? [`one at a time: ${node.mutexes.join(", ")}`] : []),
    ...(node.when ? conditionFacts(node.when) : []),
  ];
  const command = commandOf(node);
  return `   - ${id}  ${command}${facts.length > 0 ? `  (${facts.join(" · ")})` : ""}`;
}

function partsText(parts: readonly string[]): string {
  return parts.length > 2 ? `${parts[0]} to ${parts.at(-1)}` : parts.join(" and ");
}

function shardFacts({ input }: PlanNode): string[] {
  const { shard } = input as Partial<CategoryTask>;
  return shard ? [`shard ${shard.index}/${shard.total}`] : [];
}

function resourcesText({ memoryBytes, cpus }: Resources): string {
  return [
    ...(memoryBytes === undefined ? [] : [formatSize(memoryBytes)]),
    ...(cpus === undefined ? [] : [count(cpus, "CPU")]),
  ].join(" and ");
}

function slaFacts({ maxDurationMs, maxMemoryGrowthBytes, metrics = {} }: Sla): string[] {
  return [
    ...(maxDurationMs === undefined ? [] : [`promises ${formatDuration(maxDurationMs)}`]),
    ...(maxMemoryGrowthBytes === undefined ? [] : [`promises at most ${formatSize(maxMemoryGrowthBytes)} more memory`]),
    ...Object.entries(metrics).map(([name, { min, max }]) =>
      ["promises", ...(min === undefined ? [] : [`${min} ≤`]), name, ...(max === undefined ? [] : [`≤ ${max}`])].join(
        " ",
      ),
    ),
  ];
}

function conditionFacts({ environments, changed, outcome = {}, check }: Condition): string[] {
  return [
    ...(environments ? [`only in ${environments.join(", ")}`] : []),
    ...(changed ? [`only when ${changed.join(", ")} changed`] : []),
    ...Object.entries(outcome).map(([id, wanted]) =>
      wanted.length === outcomeStatuses.length ? `after ${id} in any case` : `only when ${id} ${wanted.join(" or ")}`,
    ),
    ...(check === undefined ? [] : [`only when ${check} says so`]),
  ];
}

function commandOf(node: PlanNode): string {
  const { command } = node.input as Partial<CategoryTask>;
  return command ? commandText(command) : `agent ${node.agent}`;
}

function count(many: number, one: string, more = `${one}s`): string {
  return `${many} ${many === 1 ? one : more}`;
}
