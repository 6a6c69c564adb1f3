import type { LayerId, NodeId } from "../../ids.ts";

/**
 * How long nodes took when they passed: by node id, in milliseconds, newest last; nothing for a node that never ran. A
 * category that was run whole and one that was run in shards are different nodes of the same id: hand in the runs of the
 * kind that the plan has.
 */
export type PlanHistory = ReadonlyMap<NodeId, readonly number[]>;

/** A wall time that is not known yet, in milliseconds. */
export interface TimeEstimate {
  /** The shortest that was seen, or simulated from what was seen. */
  readonly bestMs: number;
  /** Half of the times are shorter (p50). */
  readonly predictedMs: number;
  /** 19 of 20 times are shorter (p95). */
  readonly worstMs: number;
}

/** How long a node is going to take. */
export interface NodeEstimate extends TimeEstimate {
  readonly nodeId: NodeId;
  /** How many past runs it rests on. */
  readonly runs: number;
}

/** How long a layer or a run is going to take, as far as its nodes have run before. */
export interface SpanEstimate extends TimeEstimate {
  readonly budgetMs?: number;
  /** How likely the budget is met, 0 to 1; absent without a budget. */
  readonly budgetChance?: number;
  /** The nodes that, one after another, decide how short it can be, however much runs at a time. */
  readonly criticalPath: readonly NodeId[];
  /** What those take together, each its predicted time. */
  readonly criticalPathMs: number;
  /** Nodes that will run and have no history: their time is not part of the estimate. */
  readonly unknown: readonly NodeId[];
}

/** The estimate of a layer, from the opening of its gate to its end. */
export interface LayerEstimate extends SpanEstimate {
  readonly layerId: LayerId;
}

/** What history says of a plan before it runs. Plain data. What history does not know is named in `unknown`, never guessed. */
export interface PlanEstimate {
  /** How many runs were simulated. */
  readonly samples: number;
  /** In the plan's order: nodes that will run and have a history. */
  readonly nodes: readonly NodeEstimate[];
  /** Layers of which at least one node has a history. */
  readonly layers: readonly LayerEstimate[];
  /** Absent where no node has a history. */
  readonly run?: SpanEstimate;
  /** Nodes that will run and have no history. */
  readonly unknown: readonly NodeId[];
}
