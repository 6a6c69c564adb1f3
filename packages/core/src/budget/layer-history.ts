import type { LayerId } from "../ids.ts";
import type { ExecutionMode } from "../layers/layer.ts";
import type { OutcomeStatus } from "../outcome.ts";

/** One past run of a layer. */
export interface LayerRun {
  /** When it started, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly durationMs: number;
  /** What it had; absent: no budget. */
  readonly budgetMs?: number;
  readonly outcome: OutcomeStatus;
}

/** What is known of a layer's past. */
export interface LayerHistory {
  readonly layerId: LayerId;
  readonly executionMode: ExecutionMode;
  /** Nobody waits for it: nothing is suggested to be moved out of it. */
  readonly isBackground?: boolean;
  /** Oldest first. */
  readonly runs: readonly LayerRun[];
  /** By category: how long it took when it passed, in milliseconds, oldest first. */
  readonly categories: ReadonlyMap<string, readonly number[]>;
  /** The same of single tests, where that is known. */
  readonly tests?: readonly {
    readonly category: string;
    readonly test: string;
    readonly durationsMs: readonly number[];
  }[];
}
