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
  noCounts,
  sumOf,
  withUsage,
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
  /** Those of {@link finished}. */
  readonly finishedIds: ReadonlySet<NodeId>;
}

/** What is behind a run: nodes that have ended, and their tests. Those whose parts are nodes of their own are left out. */
export interface DoneView {
  readonly nodes: number;
  readonly notPassed: number;
  readonly skipped: number;
  readonly counts: TestCounts;
}

/** What the process that leads the run takes, as it was last seen. */
export interface LeaderView {
  /** 100 is one CPU. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
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
  /** How long nodes typically took in the past, in milliseconds, as far as it is known. */
  readonly expectedMs: ReadonlyMap<NodeId, number>;
  readonly done: DoneView;
  readonly leader?: LeaderView;
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
  expectedMs: new Map(),
  done: { nodes: 0, notPassed: 0, skipped: 0, counts: noCounts },
  surroundings: emptySurroundings,
  failedReporters: [],
};

/** The view after one more event. Neither argument is changed; an event that a screen does not show changes only the time. */
export function applyEvent(before: RunView, event: RunEvent): RunView {
  const fold = new RunFold(before);
  fold.apply(event);
  return fold.view;
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/**
 * Follows a run event by event, at the same cost for each however large the run is. What it was begun with is never changed: a map or list
 * is copied when it is first touched, and from then on changed in place.
 */
export class RunFold {
  readonly #view: Writable<RunView>;
  /** Maps, sets, lists and layers that nobody else has. */
  readonly #own = new WeakSet<object>();

  constructor(start: RunView = emptyRunView) {
    this.#view = { ...start };
  }

  /** What all events so far add up to. It goes on changing with the next one: read it, do not keep it. */
  get view(): RunView {
    return this.#view;
  }

  apply(event: RunEvent): void {
    const view = this.#view;
    view.atMs = Date.parse(event.at);
    switch (event.type) {
      case "run_started":
        this.#start(event);
        return;
      case "run_completed":
        view.summary = event.summary;
        return;
      case "plan_extended":
        view.planNodes = this.#map(view.planNodes, (nodes) => {
          for (const node of event.nodes) nodes.set(node.id, node);
        });
        return;
      case "layer_started":
        this.#layer(event.layerId).progress = { phase: "running", startedAtMs: view.atMs };
        view.surroundings = applySurroundings(view.surroundings, event);
        return;
      case "layer_completed": {
        const { outcome, durationMs, counts } = event;
        this.#layer(event.layerId).progress = { phase: "finished", outcome, durationMs, counts };
        return;
      }
      case "service_state_changed":
      case "service_outage_started":
      case "service_outage_ended":
      case "resources_missing":
      case "resources_awaited":
      case "resources_granted":
      case "environment_read":
        view.surroundings = applySurroundings(view.surroundings, event);
        return;
      case "resource_sampled":
        view.leader = { cpuPercent: event.cpuPercent, memoryBytes: event.memoryBytes };
        return;
      case "node_started":
        this.#join(event);
        this.#run(newNode(event.nodeId, event.layerId, view.atMs));
        return;
      case "node_completed":
        this.#join(event);
        this.#complete(event);
        return;
      case "node_retrying":
        this.#change(event, (node) => withRetry(node, event));
        return;
      case "agent_started":
        this.#change(event, (node) => withAttempt(node, event.attempt));
        return;
      case "test_completed":
        this.#change(event, (node) => withTest(node, event.test));
        return;
      case "output":
        this.#change(event, (node) => withOutput(node, event.text));
        return;
      case "process_sampled":
        this.#change(event, (node) => withUsage(node, event));
        return;
      case "reporter_failed": {
        const { reporter, message } = event;
        view.failedReporters = [...view.failedReporters, { reporter, message }];
        return;
      }
      default:
    }
  }

  #start({ plan, expectedMs = {} }: RunEventOf<"run_started">): void {
    const view = this.#view;
    view.plan = plan;
    view.startedAtMs = view.atMs;
    view.planNodes = new Map(plan.nodes.map((node) => [node.id, node]));
    view.expectedMs = new Map(Object.entries(expectedMs));
    view.layers = new Map(
      plan.layers.map(({ id, name, budgetMs, nodes }): [LayerId, LayerView] => {
        const budget = budgetMs === undefined ? {} : { budgetMs };
        return [id, { ...newLayer(id), name, nodeIds: nodes, ...budget }];
      }),
    );
  }

  /** A layer of the plan as it was at the start does not list the nodes that agents have added since. */
  #join({ nodeId, layerId }: { readonly nodeId: NodeId; readonly layerId: LayerId }): void {
    const { planNodes, layers } = this.#view;
    if (planNodes.has(nodeId) && planNodes.get(nodeId)?.spawnedBy === undefined) return;
    const layer = layers.get(layerId);
    if (this.#view.running.has(nodeId) || layer?.nodeIds.includes(nodeId)) return;
    const joined = this.#layer(layerId);
    joined.nodeIds = this.#list(joined.nodeIds, nodeId);
  }

  #run(node: RunningNode): void {
    const view = this.#view;
    view.running = this.#map(view.running, (running) => running.set(node.id, node));
  }

  /** Events of an attempt that was already given up on are late and change nothing. */
  #change(
    { nodeId, attempt }: { readonly nodeId: NodeId; readonly attempt: number },
    change: (node: RunningNode) => RunningNode,
  ): void {
    const node = this.#view.running.get(nodeId);
    if (node && attempt >= node.attempt) this.#run(change(node));
  }

  #complete(event: RunEventOf<"node_completed">): void {
    const view = this.#view;
    const { nodeId, layerId, outcome } = event;
    const node = view.running.get(nodeId) ?? newNode(nodeId, layerId, view.atMs);
    view.running = this.#map(view.running, (running) => running.delete(nodeId));
    const layer = this.#layer(layerId);
    layer.finished = this.#list(layer.finished, finishNode(node, event));
    layer.finishedIds = this.#set(layer.finishedIds, nodeId);
    if (view.planNodes.get(nodeId)?.parts !== undefined) return;
    const isSkipped = outcome.status === "skipped";
    view.done = {
      nodes: view.done.nodes + 1,
      notPassed: view.done.notPassed + (isSkipped || outcome.status === "passed" ? 0 : 1),
      skipped: view.done.skipped + (isSkipped ? 1 : 0),
      counts: sumOf(view.done.counts, event.counts),
    };
  }

  #layer(id: LayerId): Writable<LayerView> {
    const view = this.#view;
    const known = view.layers.get(id) ?? newLayer(id);
    if (this.#own.has(known)) return known;
    const own = { ...known };
    this.#own.add(own);
    view.layers = this.#map(view.layers, (layers) => layers.set(id, own));
    return own;
  }

  #map<Key, Value>(map: ReadonlyMap<Key, Value>, change: (own: Map<Key, Value>) => unknown): ReadonlyMap<Key, Value> {
    const own = this.#own.has(map) ? (map as Map<Key, Value>) : new Map(map);
    this.#own.add(own);
    change(own);
    return own;
  }

  #set<Value>(set: ReadonlySet<Value>, added: Value): ReadonlySet<Value> {
    const own = this.#own.has(set) ? (set as Set<Value>) : new Set(set);
    this.#own.add(own);
    return own.add(added);
  }

  #list<Item>(list: readonly Item[], added: Item): readonly Item[] {
    const own = this.#own.has(list) ? (list as Item[]) : [...list];
    this.#own.add(own);
    own.push(added);
    return own;
  }
}

function newLayer(id: LayerId): LayerView {
  return { id, name: id, nodeIds: [], progress: { phase: "waiting" }, finished: [], finishedIds: new Set() };
}
