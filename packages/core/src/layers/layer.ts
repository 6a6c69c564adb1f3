import type { LayerId } from "../ids.ts";
import type { Evidence } from "./category.ts";
import type { FailurePolicy } from "./node-rules.ts";

/** `sequential` orders categories one after another; `parallel` runs them at once; `hybrid` as far as CPUs and exclusive categories allow. */
export type ExecutionMode = "sequential" | "parallel" | "hybrid";

/** A category's place in a layer. */
export interface Placement {
  readonly category: string;
  /** Overrides the category's own timeout in this layer, in milliseconds. */
  readonly timeoutMs?: number;
}

/** An ordered group of categories with a time budget, an execution mode and dependencies on other layers. */
export interface Layer {
  readonly id: LayerId;
  readonly name: string;
  readonly placements: readonly Placement[];
  readonly executionMode: ExecutionMode;
  /** Milliseconds. */
  readonly budgetMs?: number;
  readonly limits: ResourceLimits;
  readonly requiredServices: readonly string[];
  readonly whenUnavailable: AvailabilityPolicy;
  /** How long it waits at most for what is not there, in milliseconds; where it is to wait. */
  readonly waitTimeoutMs: number;
  readonly requires?: LayerRequirements;
  readonly llmMode: LlmMode;
  readonly dependencies: readonly LayerId[];
  readonly isBackground: boolean;
  readonly hasDedicatedResources: boolean;
  /** What the failure of one category does to the rest of the layer. */
  readonly failurePolicy: FailurePolicy;
  /** What green results of its categories prove, where they say nothing themselves. */
  readonly evidence?: Evidence;
  /** Most retries of all its categories together. */
  readonly retryBudget?: number;
  /** What becomes of a category that passed only on a retry. */
  readonly flaky: FlakyPolicy;
  /** Neither mentioned in the config nor changed by it. */
  readonly isUntouchedDefault: boolean;
}

/** What becomes of a layer when something that it needs is not there. */
export type AvailabilityPolicy = "fail" | "skip" | "wait";

/** What of the machine must be there before a layer starts, beside its services. */
export interface LayerRequirements {
  readonly freeMemoryBytes?: number;
  /** On the disk that holds the project. */
  readonly freeDiskBytes?: number;
  /** Ports of this machine that nobody may hold. */
  readonly ports?: readonly number[];
  readonly docker?: boolean;
  /** Environment variables that must be set. */
  readonly credentials?: readonly string[];
}

/** What passed only on a retry passes and is reported, or fails. */
export type FlakyPolicy = "pass" | "fail";

/** Which language model a layer's tests may talk to. */
export type LlmMode = "mock" | "real" | "real_required";

/** What a layer may take of the machine. */
export interface ResourceLimits {
  readonly maxMemoryBytes?: number;
  /** The memory is the config's own word, not a built-in default: it is kept free for the layer. */
  readonly isMemoryWritten?: boolean;
  /** Percent of the machine's CPUs, 1 to 100. */
  readonly maxCpuPercent?: number;
  readonly maxParallel?: number;
}
