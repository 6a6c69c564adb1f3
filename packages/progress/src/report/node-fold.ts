import {
  type AttemptRecord,
  countTests,
  type LayerId,
  type NodeId,
  noTests,
  type PlanNode,
  type RunEventOf,
  type RunId,
  shardUnionAgentName,
} from "@netra-apex/core";
import { keptTestsPerNode } from "../node-view.ts";
import { rerunWords } from "../render/rerun-command.ts";
import { categoryTaskOf } from "../render/category.ts";
import type { ReportedAttempt, ReportedNode, ReportedTest, TimelineSpan } from "./run-report.ts";
import { isFailed, TestFold } from "./test-fold.ts";

/** The ends of something in time, for the timeline; the end is absent while it is not recorded. */
export interface Times {
  readonly startSeq: number;
  readonly startMs: number;
  endSeq?: number;
  endMs?: number;
}

interface AttemptFold {
  readonly times: Times;
  end?: RunEventOf<"agent_completed">;
}

/** Collects what the events tell of one node. */
export class NodeFold {
  readonly id: NodeId;
  readonly tests = new TestFold();
  layerId: LayerId;
  times: Times | undefined;
  readonly #runId: RunId;
  readonly #planSeq: number;
  readonly #plan: PlanNode | undefined;
  readonly #attempts = new Map<number, AttemptFold>();
  #end: RunEventOf<"node_completed"> | undefined;

  constructor(of: {
    readonly id: NodeId;
    readonly layerId: LayerId;
    readonly runId: RunId;
    /** Of the event that brought the node into the plan. */
    readonly planSeq: number;
    readonly plan?: PlanNode;
  }) {
    this.id = of.id;
    this.layerId = of.layerId;
    this.#runId = of.runId;
    this.#planSeq = of.planSeq;
    this.#plan = of.plan;
  }

  /** The parts of a whole are parts of its category. */
  get isWhole(): boolean {
    return this.#plan?.parts !== undefined || this.#plan?.agent === shardUnionAgentName;
  }

  /** Its layer's budget ended it. */
  get isCutByLayer(): boolean {
    const outcome = this.#end?.outcome;
    return outcome?.status === "timed-out" && outcome.deadline === "layer";
  }

  startAttempt({ attempt, seq }: RunEventOf<"agent_started">, startMs: number): void {
    this.#attempts.set(attempt, { times: { startSeq: seq, startMs } });
  }

  endAttempt(event: RunEventOf<"agent_completed">, endMs: number): void {
    const attempt = this.#attempts.get(event.attempt);
    if (!attempt || attempt.end) return;
    attempt.end = event;
    attempt.times.endSeq = event.seq;
    attempt.times.endMs = endMs;
    this.tests.end(event.scope === "failed-tests");
  }

  complete(event: RunEventOf<"node_completed">, endMs: number): void {
    this.#end = event;
    if (!this.times) return;
    this.times.endSeq = event.seq;
    this.times.endMs = endMs;
  }

  /** What is known of the node; `lastMs` is the time of the run's last event. */
  result(lastMs: number): { readonly node: ReportedNode; readonly tests: readonly ReportedTest[] } {
    const tests = this.tests.result();
    const plan = this.#plan;
    const end = this.#end;
    const task = categoryTaskOf(plan);
    const { evidence, outcome, keptFrom } = end ?? {};
    const counts = end?.counts ?? (tests.length > 0 ? countTests(tests) : noTests);
    const failedTests = tests.filter(isFailed).slice(0, keptTestsPerNode);
    const category = task?.category ?? (this.isWhole ? this.id : undefined);
    const isProven = outcome?.status === "passed" || outcome?.status === "skipped";
    const rerun =
      category === undefined || (isProven && end?.flaky !== true)
        ? undefined
        : rerunWords(category, { outcome: outcome ?? { status: "passed" }, counts, failedTests }, task?.shard);
    const node: ReportedNode = {
      id: this.id,
      layerId: this.layerId,
      runId: this.#runId,
      seq: end?.seq ?? this.times?.startSeq ?? this.#planSeq,
      category: category ?? this.id,
      agent: plan?.agent ?? "",
      isWhole: this.isWhole,
      durationMs: end?.durationMs ?? (this.times ? Math.max(0, lastMs - this.times.startMs) : 0),
      counts,
      toldTests: tests.length,
      attempts: this.#reportedAttempts(end?.attemptRecords ?? [], lastMs),
      flaky: end?.flaky ?? false,
      isFlakyForbidden: plan?.flaky === "fail",
      hasSla: plan?.sla !== undefined,
      slaBreaches: end?.slaBreaches ?? [],
      ...(task?.shard && { shard: task.shard }),
      ...(plan?.spawnedBy !== undefined && { spawnedBy: plan.spawnedBy }),
      ...(plan?.minimumEvidence !== undefined && { minimumEvidence: plan.minimumEvidence }),
      ...(outcome && { outcome }),
      ...(evidence && { evidence }),
      ...(evidence?.limits && { limits: evidence.limits }),
      ...(keptFrom !== undefined && { keptFrom }),
      ...(rerun && { rerun }),
    };
    return { node, tests };
  }

  /** Its spans, all in one lane. */
  spans(lane: number, lastMs: number): TimelineSpan[] {
    if (!this.times) return [];
    const outcome = this.#end?.outcome;
    const common = { runId: this.#runId, layerId: this.layerId, nodeId: this.id, lane };
    const node: TimelineSpan = {
      ...common,
      ...spanTimes(this.times, lastMs),
      kind: "node",
      name: this.id,
      ...(outcome && { outcome }),
      ...(this.#plan?.timeoutMs !== undefined && { budgetMs: this.#plan.timeoutMs }),
    };
    const starts = [...this.#attempts.values()].map(({ times }) => times.startMs);
    const attempts = [...this.#attempts].map(([attempt, { times, end }], index): TimelineSpan => ({
      ...common,
      ...withinSpan(spanTimes(times, lastMs), node, starts[index + 1]),
      kind: "attempt",
      name: `${this.id} attempt ${attempt}`,
      attempt,
      ...(end && { outcome: end.outcome }),
    }));
    return [node, ...attempts];
  }

  #reportedAttempts(records: readonly AttemptRecord[], lastMs: number): ReportedAttempt[] {
    return [...this.#attempts].map(([attempt, { times, end }]) => {
      const record = records.find((other) => other.attempt === attempt);
      const evidence = end?.evidence ?? record?.evidence;
      const counts = end?.counts ?? record?.counts;
      return {
        runId: this.#runId,
        seq: end?.seq ?? times.startSeq,
        attempt,
        durationMs: end?.durationMs ?? Math.max(0, lastMs - times.startMs),
        isPartial: end?.scope === "failed-tests",
        ...(end && { outcome: end.outcome }),
        ...(counts && { counts }),
        ...(evidence && { evidence }),
      };
    });
  }
}

/** An attempt that was given up on has no end: it is over with its node, or when the next one begins. */
function withinSpan<Part extends Pick<TimelineSpan, "startMs" | "endMs">>(
  part: Part,
  whole: Pick<TimelineSpan, "startMs" | "endMs">,
  nextMs = whole.endMs,
): Part {
  const latestMs = Math.min(whole.endMs, Math.max(nextMs, part.startMs));
  const startMs = Math.min(Math.max(part.startMs, whole.startMs), latestMs);
  return { ...part, startMs, endMs: Math.max(startMs, Math.min(part.endMs, latestMs)) };
}

/** The time of a span; one without a recorded end lasts until the last event. */
export function spanTimes(
  { startSeq, startMs, endSeq, endMs }: Times,
  lastMs: number,
): Pick<TimelineSpan, "seq" | "startMs" | "endMs" | "endSeq"> {
  return {
    seq: startSeq,
    startMs,
    // The machine's clock may be set back.
    endMs: Math.max(startMs, endMs ?? lastMs),
    ...(endSeq !== undefined && { endSeq }),
  };
}
