import type { NodeId } from "../ids.ts";
import type { OutcomeStatus } from "../outcome.ts";

/** What happens once a node has failed: nothing else, no more starts, or what runs is cancelled too. */
export type FailurePolicy = "continue" | "stop-starting" | "cancel-running";

/** When a node runs at all. Every part that is given must hold; a node whose condition is false is `skipped`, never passed. */
export interface Condition {
  /** Environments in which it runs. */
  readonly environments?: readonly string[];
  /** Globs, relative to the project's root; one changed file must match. Holds where the changed files are not known. */
  readonly changed?: readonly string[];
  /**
   * Outcomes of other nodes, each of which must be among those named. The node waits for them, and it is this condition
   * alone that decides about them: only `needs` demands a pass.
   */
  readonly outcome?: Readonly<Record<NodeId, readonly OutcomeStatus[]>>;
  /** Name of a function given to the run (`RunPlanOptions.conditions`) or by a plugin. */
  readonly check?: string;
}

/** What a node takes while it runs, or what there is of it. */
export interface Resources {
  readonly memoryBytes?: number;
  /** CPUs; fractions are fine. */
  readonly cpus?: number;
}

/** Promises about a node that passed; one that is broken makes it `failed`, by name. */
export interface Sla {
  /** Milliseconds of the attempt that passed. */
  readonly maxDurationMs?: number;
  /** Growth of the memory of the agent's process over the attempt that passed; shared with what else ran in it. */
  readonly maxMemoryGrowthBytes?: number;
  /** Bounds for numbers that the agent reports (`context.measure`), by name; one that is not reported is a breach. */
  readonly metrics?: Readonly<Record<string, { readonly min?: number; readonly max?: number }>>;
}
