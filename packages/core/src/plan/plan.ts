import type { LayerId, NodeId } from "../ids.ts";
import type { RetryPolicy } from "../layers/category.ts";
import type { ExecutionMode } from "../layers/layer.ts";
import type { SkipCause } from "../outcome.ts";

/** What a run does once a node has failed. */
export type FailurePolicy = "continue" | "stop-starting" | "cancel-running";

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
  /** Deadline of all attempts together, in milliseconds. */
  readonly timeoutMs?: number;
  /** Deadline of each attempt, in milliseconds. */
  readonly attemptTimeoutMs?: number;
  readonly retry: RetryPolicy;
  /** Runs while nothing else of the run does. */
  readonly exclusive: boolean;
  /** Set when it is known before the start that the node cannot run. */
  readonly skip?: { readonly cause: SkipCause; readonly reason: string };
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
  readonly failFast: boolean;
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
  /** Directory that relative paths refer to. */
  readonly projectRoot: string;
  readonly layers: readonly PlanLayer[];
  readonly leftOut: readonly LeftOutLayer[];
  readonly nodes: readonly PlanNode[];
  readonly maxParallel: number;
  /** Budget of the whole run, in milliseconds. */
  readonly budgetMs?: number;
  readonly failurePolicy: FailurePolicy;
  /** What else a reader must know: what is assumed, what will silently not run. */
  readonly notes: readonly string[];
}

/** Everything that a run should say of its plan before it starts, a line each. */
export function planNotes(plan: Plan): string[] {
  return [...plan.leftOut.map(({ id, reason }) => `${id} is left out: ${reason}`), ...plan.notes];
}
