import type {
  LayerId,
  NodeId,
  Outcome,
  Plan,
  PlanNode,
  RunEvent,
  RunEventOf,
  RunSummary,
  TestCounts,
} from "@netra-apex/core";
import {
  type FinishedNode,
  finishNode,
  newNode,
  type RunningNode,
  withAttempt,
  withOutput,
  withRetry,
  withTest,
} from "./node-view.ts";
import { applySurroundings, emptySurroundings, type SurroundingsView } from "./service-view.ts";

/** How far a layer has come: `waiting → running → finished`; one that never starts goes straight to `finished`. */
export type LayerProgress =
  | { readonly phase: "waiting" }
  | { readonly phase: "running"; readonly startedAtMs: number }
  | {
      readonly phase: "finished";
      readonly outcome: Outcome;
      readonly durationMs: number;
      readonly counts: TestCounts;
    };

/** A layer, as a screen shows it. */
export interface LayerView {
  readonly id: LayerId;
  readonly name: string;
  readonly budgetMs?: number;
  /** The plan's nodes of this layer in declared order, then those that joined during the run. */
  readonly nodeIds: readonly NodeId[];
  readonly progress: LayerProgress;
  /** In the order in which they ended. */
  readonly finished: readonly FinishedNode[];
}

/** All that a screen needs to know of a run: what its events add up to. Holds no passed test and no whole output. */
export interface RunView {
  /** Absent before `run_started`. */
  readonly plan?: Plan;
  readonly planNodes: ReadonlyMap<NodeId, PlanNode>;
  readonly startedAtMs: number;
  /** The time of the latest event, in milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly layers: ReadonlyMap<LayerId, LayerView>;
  readonly running: ReadonlyMap<NodeId, RunningNode>;
  readonly surroundings: SurroundingsView;
  readonly failedReporters: readonly { readonly reporter: string; readonly message: string }[];
  /** Present once the run is completed. */
  readonly summary?: RunSummary;
}

/** The view before the first event. */
export const emptyRunView: RunView = {
  planNodes: new Map(),
  startedAtMs: 0,
  atMs: 0,
  layers: new Map(),
  running: new Map(),
  surroundings: emptySurroundings,
  failedReporters: [],
};

/** The view after one more event. Neither argument is changed; an event that a screen does not show changes only the time. */
export function applyEvent(before: RunView, event: RunEvent): RunView {
  const view: RunView = { ...before, atMs: Date.parse(event.at) };
  switch (event.type) {
    case "run_started":
      return { ...view, ...viewOfPlan(event.plan), startedAtMs: view.atMs };
    case "run_completed":
      return { ...view, summary: event.summary };
    case "plan_extended":
      return {
        ...view,
        planNodes: new Map([...view.planNodes, ...event.nodes.map((node) => [node.id, node] as const)]),
      };
    case "layer_started":
      return withLayer(withSurroundings(view, event), event.layerId, {
        progress: { phase: "running", startedAtMs: view.atMs },
      });
    case "service_state_changed":
    case "service_outage_started":
    case "service_outage_ended":
    case "resources_missing":
    case "resources_awaited":
    case "resources_granted":
    case "environment_read":
      return withSurroundings(view, event);
    case "layer_completed": {
      const { outcome, durationMs, counts } = event;
      return withLayer(view, event.layerId, { progress: { phase: "finished", outcome, durationMs, counts } });
    }
    case "node_started":
      return withRunning(joinLayer(view, event), newNode(event.nodeId, event.layerId, view.atMs));
    case "node_completed":
      return completeNode(joinLayer(view, event), event);
    case "node_retrying":
      return updateRunning(view, event, (node) => withRetry(node, event));
    case "agent_started":
      return updateRunning(view, event, (node) => withAttempt(node, event.attempt));
    case "test_completed":
      return updateRunning(view, event, (node) => withTest(node, event.test));
    case "output":
      return updateRunning(view, event, (node) => withOutput(node, event.text));
    case "reporter_failed": {
      const { reporter, message } = event;
      return { ...view, failedReporters: [...view.failedReporters, { reporter, message }] };
    }
    default:
      return view;
  }
}

function withSurroundings(view: RunView, event: Parameters<typeof applySurroundings>[1]): RunView {
  return { ...view, surroundings: applySurroundings(view.surroundings, event) };
}

function viewOfPlan(plan: Plan): Pick<RunView, "plan" | "planNodes" | "layers"> {
  const layers = plan.layers.map(({ id, name, budgetMs, nodes }): [LayerId, LayerView] => {
    const budget = budgetMs === undefined ? {} : { budgetMs };
    return [id, { id, name, nodeIds: nodes, progress: { phase: "waiting" }, finished: [], ...budget }];
  });
  return { plan, planNodes: new Map(plan.nodes.map((node) => [node.id, node])), layers: new Map(layers) };
}

function withLayer(view: RunView, id: LayerId, change: Partial<LayerView>): RunView {
  const before = view.layers.get(id) ?? { id, name: id, nodeIds: [], progress: { phase: "waiting" }, finished: [] };
  return { ...view, layers: new Map(view.layers).set(id, { ...before, ...change }) };
}

/** A layer of the plan as it was at the start does not list the nodes that agents have added since. */
function joinLayer(view: RunView, { nodeId, layerId }: { nodeId: NodeId; layerId: LayerId }): RunView {
  if (view.planNodes.get(nodeId)?.spawnedBy === undefined && view.planNodes.has(nodeId)) return view;
  const known = view.layers.get(layerId)?.nodeIds ?? [];
  return known.includes(nodeId) ? view : withLayer(view, layerId, { nodeIds: [...known, nodeId] });
}

function completeNode(view: RunView, event: RunEventOf<"node_completed">): RunView {
  const node = view.running.get(event.nodeId) ?? newNode(event.nodeId, event.layerId, view.atMs);
  const running = new Map(view.running);
  running.delete(event.nodeId);
  const finished = view.layers.get(event.layerId)?.finished ?? [];
  return withLayer({ ...view, running }, event.layerId, { finished: [...finished, finishNode(node, event)] });
}

function withRunning(view: RunView, node: RunningNode): RunView {
  return { ...view, running: new Map(view.running).set(node.id, node) };
}

/** Events of an attempt that was already given up on are late and change nothing. */
function updateRunning(
  view: RunView,
  { nodeId, attempt }: { nodeId: NodeId; attempt: number },
  change: (node: RunningNode) => RunningNode,
): RunView {
  const node = view.running.get(nodeId);
  return node && attempt >= node.attempt ? withRunning(view, change(node)) : view;
}
