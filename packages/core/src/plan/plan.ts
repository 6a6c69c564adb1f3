import type { LayerId, NodeId } from "../ids.ts";
import type { TestShard } from "./category-task.ts";
import type { Evidence, RetryPolicy } from "../layers/category.ts";
import type { AvailabilityPolicy, ExecutionMode, FlakyPolicy, LayerRequirements } from "../layers/layer.ts";
import type { Condition, FailurePolicy, Resources, Sla } from "../layers/node-rules.ts";
import type { HostSlot } from "../ledger/host-amounts.ts";
import type { SkipCause } from "../outcome.ts";

/** One agent invocation: a category, or what a plugin contributes. */
export interface PlanNode {
  readonly id: NodeId;
  readonly layerId: LayerId;
  /** Name of the agent that executes the node. */
  readonly agent: string;
  /** What the agent gets; must survive JSON. */
  readonly input: unknown;
  /** Nodes of the same plan that must pass first. */
  readonly needs: readonly NodeId[];
  readonly when?: Condition;
  /** Deadline of all attempts together, in milliseconds. */
  readonly timeoutMs?: number;
  /** Deadline of each attempt, in milliseconds. */
  readonly attemptTimeoutMs?: number;
  readonly retry: RetryPolicy;
  /** Runs while nothing else of the run does. */
  readonly exclusive: boolean;
  /** Taken from the run's and the layer's capacity while it runs; more than there is counts as all there is. */
  readonly reserves?: Resources;
  /** Of the project's nodes that name the same mutex, one runs at a time; of all projects' where it begins with `host:`. */
  readonly mutexes?: readonly string[];
  /** What its failure does to the whole run; overrides the layer's and the run's policy. */
  readonly failurePolicy?: FailurePolicy;
  readonly sla?: Sla;
  /** Whether what passed only on a retry passes (when absent) or fails; that it was flaky is told in any case. */
  readonly flaky?: FlakyPolicy;
  /** Parts of this node, whose counts are its own: it runs no tests itself. */
  readonly parts?: readonly NodeId[];
  /** A pass that proves less than this is inconclusive. */
  readonly minimumEvidence?: Evidence;
  /** The node whose agent added this one during the run. */
  readonly spawnedBy?: NodeId;
  /** Set when it is known before the start that the node cannot run. */
  readonly skip?: { readonly cause: SkipCause; readonly reason: string };
}

/** What must be there before a layer starts, and for as long as it runs. */
export interface LayerNeeds {
  /** Services that the config defines. */
  readonly services: readonly string[];
  readonly requires?: LayerRequirements;
  readonly whenUnavailable: AvailabilityPolicy;
  /** Milliseconds. */
  readonly waitTimeoutMs: number;
  /** No other layer of any run of this machine beside it. */
  readonly isDedicated?: boolean;
  /** Kept free for all of the layer, so that its nodes ask the machine for none; absent where each node asks for itself. */
  readonly memoryBytes?: number;
  /** What its services take of the machine, beside its own, while it runs. */
  readonly serviceReserves?: Resources;
  /** Services of which there are only so many for the runs of this machine. */
  readonly slots?: readonly HostSlot[];
}

/** A layer as this run will execute it. */
export interface PlanLayer {
  readonly id: LayerId;
  readonly name: string;
  readonly executionMode: ExecutionMode;
  /** Budget of the whole layer, in milliseconds. */
  readonly budgetMs?: number;
  /** Most nodes of this layer at once. */
  readonly maxParallel: number;
  /** Layers of this plan that must pass before this one starts. */
  readonly gates: readonly LayerId[];
  /** Layers that this one depends on, taken as passed because the selection leaves them out. */
  readonly assumed: readonly LayerId[];
  /** What the failure of one node does to the rest of the layer. */
  readonly failurePolicy: FailurePolicy;
  /** Most retries of all nodes of the layer together; unlimited when absent. */
  readonly retryBudget?: number;
  /** What its nodes may reserve together. */
  readonly capacity?: Resources;
  /** What must be there before it starts; absent where it needs nothing. */
  readonly needs?: LayerNeeds;
  /** The layer's nodes in the order in which they are declared. */
  readonly nodes: readonly NodeId[];
}

/** A layer that the run mode names, and that has nothing to run in this project. */
export interface LeftOutLayer {
  readonly id: LayerId;
  readonly name: string;
  readonly executionMode: ExecutionMode;
  /** Milliseconds. */
  readonly budgetMs?: number;
  readonly dependencies: readonly LayerId[];
  readonly reason: string;
}

/** The DAG of a run, resolved from config and selection before anything starts. Plain data: `JSON.stringify` keeps it whole. */
export interface Plan {
  readonly version: 1;
  /** The run mode that was asked for; absent when layers or categories were named. */
  readonly runMode?: string;
  readonly environment: string;
  /** The only part of each category's tests that is run: a verdict is about that part alone. */
  readonly shard?: TestShard;
  /** Directory that relative paths refer to. */
  readonly projectRoot: string;
  readonly layers: readonly PlanLayer[];
  readonly leftOut: readonly LeftOutLayer[];
  readonly nodes: readonly PlanNode[];
  readonly maxParallel: number;
  /** Budget of the whole run, in milliseconds. */
  readonly budgetMs?: number;
  readonly failurePolicy: FailurePolicy;
  /** Most retries of the whole run; unlimited when absent. */
  readonly retryBudget?: number;
  /** What all nodes may reserve together; unlimited when absent. */
  readonly capacity?: Resources;
  /** Files that `when.changed` is matched with, relative to the project's root, with `/`; absent when not known. */
  readonly changedFiles?: readonly string[];
  /** What else a reader must know: what is assumed, what will silently not run. */
  readonly notes: readonly string[];
}

/** Everything that a run should say of its plan before it starts, a line each. */
export function planNotes(plan: Plan): string[] {
  return [...plan.leftOut.map(({ id, reason }) => `${id} is left out: ${reason}`), ...plan.notes];
}
