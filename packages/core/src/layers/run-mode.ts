import type { LayerId } from "../ids.ts";

/** What happens to dependencies that a run mode leaves out: pulled into the plan, or taken as passed and said so. */
export type DependencyPolicy = "require" | "assume";

/** A named selection of layers and where they run. */
export interface RunMode {
  readonly name: string;
  readonly layers: readonly LayerId[];
  /** Budget of the whole run, in milliseconds. */
  readonly budgetMs?: number;
  /** Most retries of the whole run. */
  readonly retryBudget?: number;
  readonly dependencies: DependencyPolicy;
}
