import type {
  FailureClass,
  LayerId,
  NodeId,
  OutcomeStatus,
  RunId,
  RunInputs,
  TestCounts,
  TestStatus,
} from "@netra-apex/core";

/** How one test ended in one run: as its last attempt did. */
export interface RecordedTest {
  readonly category: string;
  /** Relative to the category's working directory; empty where the report named none. */
  readonly file: string;
  /** Suites, outermost first, then the test's own title. */
  readonly titles: readonly string[];
  /** Of several with the same name, in the order in which they were told; 1 for the first, and for nearly all. */
  readonly occurrence: number;
  readonly status: TestStatus;
  readonly durationMs: number;
  /** It failed before it passed, within this run. */
  readonly isFlaky: boolean;
  /** First lines of the failure. */
  readonly message?: string;
}

/** How one layer ended in one run. */
export interface RecordedLayer {
  readonly id: LayerId;
  readonly name: string;
  readonly status: OutcomeStatus;
  readonly durationMs: number;
  readonly budgetMs?: number;
}

/** How one attempt of a node ended. */
export interface RecordedAttempt {
  readonly attempt: number;
  readonly status: OutcomeStatus;
  readonly reason?: string;
  readonly durationMs: number;
  readonly counts: TestCounts;
}

/** How one node ended in one run. */
export interface RecordedNode {
  readonly id: NodeId;
  readonly layerId: LayerId;
  readonly category: string;
  readonly status: OutcomeStatus;
  readonly reason?: string;
  readonly failureClass?: FailureClass;
  /** From the start of the run to that of the node, in milliseconds. */
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly attempts: readonly RecordedAttempt[];
  readonly isFlaky: boolean;
  /** It ran a selection or a shard of its category, and no other node the rest. */
  readonly isPartial: boolean;
  /** Its pass was taken over from an earlier run. */
  readonly isKept: boolean;
  /** Shards that it stands for, or is one of; 0 for one that ran by itself. */
  readonly parts: number;
  readonly counts: TestCounts;
  readonly exitCode?: number;
}

/** What the history keeps of a run. */
export interface RunRecord {
  readonly id: RunId;
  /** Milliseconds since 1970, UTC. */
  readonly startedMs: number;
  readonly durationMs: number;
  readonly status: OutcomeStatus;
  readonly reason?: string;
  readonly exitCode: number;
  /** Whether it came to its own end; otherwise it was killed. */
  readonly isFinished: boolean;
  readonly runMode?: string;
  readonly environment: string;
  readonly inputs?: Pick<RunInputs, "inputFingerprint"> & Partial<RunInputs>;
  /** The arguments of `apex`. */
  readonly command?: readonly string[];
  readonly resumes?: RunId;
  readonly nodeCount: number;
  readonly keptCount: number;
  readonly counts: TestCounts;
  readonly layers: readonly RecordedLayer[];
  readonly nodes: readonly RecordedNode[];
  /** Of all nodes; categories whose command was the same have the same `command`. */
  readonly tests: readonly (RecordedTest & { readonly isPartial: boolean; readonly command: string })[];
}
