import { ApexError } from "../apex-error.ts";
import type { TestSelector, TestShard } from "./category-task.ts";
import type { FailurePolicy } from "../layers/node-rules.ts";

/** What the user asked for. */
export interface Selection {
  /** Run mode; `nightly` when neither it nor layers nor categories are named. */
  readonly runMode?: string;
  readonly layers?: readonly string[];
  readonly categories?: readonly string[];
  /** Exactly these tests; only together with one category. */
  readonly selectors?: readonly TestSelector[];
  /** Of these categories exactly these tests; all where the framework cannot select. */
  readonly testsOf?: Readonly<Record<string, readonly TestSelector[]>>;
  /** Of every category only this part of its tests. */
  readonly shard?: TestShard;
  /** Whether coverage is measured; absent: as the commands say. */
  readonly coverage?: boolean;
  /** Passed on to the test command; only together with named categories. */
  readonly additionalArgs?: readonly string[];
  /** Most nodes at once; the machine's available CPUs by default. */
  readonly maxParallel?: number;
  /** `continue` by default. */
  readonly failurePolicy?: FailurePolicy;
  /** Files that `when.changed` is matched with, relative to the project's root; conditions hold where it is not given. */
  readonly changedFiles?: readonly string[];
  /** The tests are to talk to real services (`USE_REAL_SERVICES`), and a result that may not have is no pass. */
  readonly realServices?: boolean;
  /** The same for a real language model (`USE_REAL_LLM`). */
  readonly realLlm?: boolean;
  /** Added to every category's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The selection names something that is not there or cannot run. */
export class SelectionError extends ApexError {
  readonly code = "APEX_SELECTION_INVALID";
}
