import type {
  FailureClass,
  LayerId,
  LimitsInForce,
  NodeEvidence,
  NodeId,
  Outcome,
  RunHost,
  RunId,
  RunSummary,
  SlaBreach,
  TestCounts,
  TestShard,
  TestStatus,
} from "@netra-apex/core";

import type { ReportedEnvironment, ReportedService, ReportedShortage, ReportedWait } from "./reported-services.ts";

/** The version of {@link RunReport} that this package makes. */
export const reportVersion = 1;

/** Where a statement stands: the event that carries it, by its number in its run. */
export interface EventRef {
  readonly runId: RunId;
  readonly seq: number;
}

/**
 * What a recorded run, or several as one, came to. Plain data, all of it from events; `JSON.stringify` keeps it whole.
 * Durations are milliseconds, offsets are milliseconds after `from`.
 */
export interface RunReport {
  readonly version: typeof reportVersion;
  /** The runs that it is made of, the earliest first; one for a report that was not merged. */
  readonly runs: readonly ReportedRun[];
  /** ISO 8601 time of the first event. */
  readonly from: string;
  /** ISO 8601 time of the last event. */
  readonly to: string;
  readonly summary: RunSummary;
  readonly verdict: Verdict;
  readonly layers: readonly ReportedLayer[];
  /** In the order of the plan. */
  readonly nodes: readonly ReportedNode[];
  /** Each test as it ended last; in the order in which they were reported, by node. */
  readonly tests: readonly ReportedTest[];
  /** What went wrong, grouped by cause; what hit most comes first. */
  readonly failures: readonly FailureGroup[];
  readonly flakyTests: readonly TestMention[];
  /** At most {@link mostSlowTests}, the slowest first. */
  readonly slowestTests: readonly TestMention[];
  /** What the tests stood on, in the order in which it was heard of. */
  readonly services: readonly ReportedService[];
  /** What layers needed and did not have when they were to start. */
  readonly shortages: readonly ReportedShortage[];
  /** Who waited for what others on the machine had. */
  readonly waits: readonly ReportedWait[];
  readonly environments: readonly ReportedEnvironment[];
  readonly alerts: readonly ReportedAlert[];
  /** Warnings and errors of agents, agents that were lost or quarantined, and reporters that failed. */
  readonly warnings: readonly ReportedWarning[];
  /** What a merge found that does not fit together; empty for a single run. */
  readonly findings: readonly MergeFinding[];
  readonly actions: readonly ReportedAction[];
  readonly timeline: readonly TimelineSpan[];
  /** What the machine gave `apex` itself, as it was sampled. */
  readonly samples: readonly ResourceSample[];
  /** What the processes of nodes took, as it was sampled; of each node at most 1,000 readings, evenly spread. */
  readonly processSamples: readonly ProcessSample[];
}

/** Tests that {@link RunReport.slowestTests} has room for. */
export const mostSlowTests = 20;

/** One run: where, when, of what, and how it ended. `seq` is that of `run_started`. */
export interface ReportedRun extends EventRef {
  readonly environment: string;
  readonly runMode?: string;
  readonly shard?: TestShard;
  readonly from: string;
  readonly to: string;
  /** Whether `run_completed` was recorded; what a run without it came to is not known. */
  readonly isComplete: boolean;
  readonly apexVersion?: string;
  readonly command?: readonly string[];
  readonly host?: RunHost;
  readonly code?: ReportedCode;
  /** The interrupted run that this one goes on with. */
  readonly resumes?: RunId;
  /** What the plan had to say before it started. */
  readonly notes: readonly string[];
  readonly budgetMs?: number;
  /** Of this run alone. */
  readonly summary: RunSummary;
  /** `seq` of `run_completed`, or of the last event where it is missing. */
  readonly endSeq: number;
}

/** The state of the code that a run was about; `seq` is that of the event that told it. */
export interface ReportedCode extends EventRef {
  readonly inputFingerprint: string;
  readonly commit?: string;
  readonly branch?: string;
  readonly isDirty?: boolean;
}

/** Whether everything that was asked for is proved. */
export interface Verdict {
  /** Every criterion that decides is met or was not asked for. */
  readonly holds: boolean;
  /** How the run ended by its own account. */
  readonly outcome: Outcome;
  /** The documented exit code; never 0 where the verdict does not hold. */
  readonly exitCode: number;
  readonly criteria: readonly Criterion[];
}

/** Whether a criterion is met; `not-asked` for one that nothing in the run asks for. */
export type CriterionStatus = "met" | "not-met" | "not-asked";

/** One of the conditions that the verdict is computed from. */
export interface Criterion {
  /** Stable: `recorded`, `nodes-ended`, `nodes-passed`, `tests-passed`, `budget:LAYER`, `evidence` … */
  readonly id: string;
  readonly title: string;
  readonly status: CriterionStatus;
  /** Whether the verdict depends on it; one that is only told does not change what the tests came to. */
  readonly isDecisive: boolean;
  /** The numbers behind it. */
  readonly detail: string;
  /** The events that carry it: all of what speaks against it, or the last of what speaks for it. */
  readonly refs: readonly EventRef[];
}

/** A layer; `seq` is that of its end, or of its start where it has none, or of the plan. */
export interface ReportedLayer extends EventRef {
  readonly id: LayerId;
  readonly name: string;
  readonly executionMode: string;
  readonly nodeIds: readonly NodeId[];
  /** Absent for a layer whose end was not recorded. */
  readonly outcome?: Outcome;
  /** Absent for a layer that never started. */
  readonly startMs?: number;
  readonly durationMs: number;
  readonly counts: TestCounts;
  readonly budgetMs?: number;
  /** Part of the budget that was used: 1 is all of it. */
  readonly budgetUsed?: number;
  /** It took more than its budget, or was cut off by it. */
  readonly isBreached: boolean;
}

/** A node of the plan; `seq` is that of its end, or of its start where it has none, or of the plan. */
export interface ReportedNode extends EventRef {
  readonly id: NodeId;
  readonly layerId: LayerId;
  /** The category that it runs, or its own id. */
  readonly category: string;
  readonly agent: string;
  readonly shard?: TestShard;
  /** Others are parts of it: its counts are theirs. */
  readonly isWhole: boolean;
  readonly spawnedBy?: NodeId;
  /** Absent for a node whose end was not recorded. */
  readonly outcome?: Outcome;
  readonly durationMs: number;
  readonly counts: TestCounts;
  /** Tests that were told one by one; fewer than counted for a node that only counts, or whose events are lost. */
  readonly toldTests: number;
  readonly attempts: readonly ReportedAttempt[];
  readonly flaky: boolean;
  /** A pass that needed a retry counts as a failure here. */
  readonly isFlakyForbidden: boolean;
  readonly minimumEvidence?: string;
  readonly hasSla: boolean;
  readonly evidence?: NodeEvidence;
  readonly limits?: LimitsInForce;
  readonly slaBreaches: readonly SlaBreach[];
  /** The run whose pass this is. */
  readonly keptFrom?: RunId;
  /** The words that rerun it, or its failed tests, after the program and its command; absent where none can. */
  readonly rerun?: readonly string[];
  /** A later run that goes on with this one has this node, too: its end is the one that counts. */
  readonly supersededBy?: RunId;
  /** That later run has kept this pass. */
  readonly isKeptLater?: true;
}

/** One attempt of a node; `seq` is that of its end, or of its start where it has none. */
export interface ReportedAttempt extends EventRef {
  readonly attempt: number;
  readonly outcome?: Outcome;
  readonly durationMs: number;
  readonly counts?: TestCounts;
  /** Only what had failed before was run. */
  readonly isPartial: boolean;
  readonly evidence?: NodeEvidence;
}

/** A test, as an event told it last. */
export interface ReportedTest extends EventRef {
  readonly nodeId: NodeId;
  readonly id: string;
  readonly name: string;
  readonly suites: readonly string[];
  readonly file?: string;
  readonly line?: number;
  readonly status: TestStatus;
  readonly durationMs: number;
  readonly attempt: number;
  /** When it was told, which is its end where its framework tells of each test at once. */
  readonly atMs: number;
  readonly flaky: boolean;
  readonly retries: number;
  readonly message?: string;
  readonly details?: string;
  /** What it said in attempts before. */
  readonly earlier?: readonly EarlierFailure[];
}

/** A failure that a later attempt of the same test followed. */
export interface EarlierFailure extends EventRef {
  readonly attempt: number;
  readonly message?: string;
}

/** A test by its name. */
export interface TestMention extends EventRef {
  readonly nodeId: NodeId;
  readonly title: string;
  readonly file?: string;
  readonly line?: number;
  readonly status: TestStatus;
  readonly durationMs: number;
}

/** Failures that say the same but for numbers, ids, paths and quoted values. */
export interface FailureGroup {
  /** The message with what differs taken out. */
  readonly cause: string;
  /** The first of the messages. */
  readonly example: string;
  /** Absent for what is no failure by class, such as a node that proves too little. */
  readonly failureClass?: FailureClass;
  readonly count: number;
  readonly tests: readonly TestMention[];
  /** Nodes that failed by this and not by a test. */
  readonly nodes: readonly (EventRef & { readonly nodeId: NodeId })[];
}

/** An alert that was raised. */
export interface ReportedAlert extends EventRef {
  readonly rule: string;
  readonly message: string;
  readonly atMs: number;
  readonly clearedMs?: number;
}

/** Something that somebody should know and that is no result. */
export interface ReportedWarning extends EventRef {
  readonly kind: "agent-warning" | "agent-error" | "agent-lost" | "agent-quarantined" | "reporter-failed";
  /** The agent or reporter. */
  readonly who: string;
  readonly message: string;
}

/** Something that does not fit together, or that a reader of several runs as one must know. */
export interface MergeFinding {
  readonly kind:
    | "same-run-twice"
    | "overlap"
    | "contradiction"
    | "missing"
    | "different-code"
    | "different-environment"
    | "superseded";
  /** Whether the whole is in doubt because of it. */
  readonly isLoss: boolean;
  readonly message: string;
  readonly refs: readonly EventRef[];
}

/** Something to do; `P0` before anything else, `P1` soon. */
export interface ReportedAction {
  readonly priority: "P0" | "P1";
  readonly what: string;
  /** The words of the command that shows it again, after the program and its command. */
  readonly rerun?: readonly string[];
  readonly refs: readonly EventRef[];
}

/** Something that took time. `seq` is that of its start. */
export interface TimelineSpan extends EventRef {
  readonly kind: "layer" | "node" | "attempt";
  readonly name: string;
  readonly layerId: LayerId;
  readonly nodeId?: NodeId;
  readonly attempt?: number;
  readonly startMs: number;
  readonly endMs: number;
  /** From 0 on; nodes that ran side by side have different ones. Layers and their nodes count apart. */
  readonly lane: number;
  readonly outcome?: Outcome;
  /** Absent where the end was not recorded: it then ends with the last event. */
  readonly endSeq?: number;
  readonly budgetMs?: number;
}

/** One reading of the process of `apex`. */
export interface ResourceSample extends EventRef {
  readonly atMs: number;
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly running: number;
  readonly queueDepth: number;
}

/** One reading of the processes of a node. */
export interface ProcessSample extends EventRef {
  readonly nodeId: NodeId;
  readonly atMs: number;
  readonly processes: number;
  readonly memoryBytes: number;
  /** 100 is one CPU. */
  readonly cpuPercent: number;
}
