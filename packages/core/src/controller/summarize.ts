import { combineOutcomes, hadNothingToRun } from "../engine/combine-outcomes.ts";
import type { EnforcementCounts, RunEvent, RunEventOf, RunSummary } from "../events/run-event.ts";
import type { NodeId } from "../ids.ts";
import { coordinationEfficiency } from "./coordination-efficiency.ts";
import { addEnforcement, enforcementOf } from "./enforcement.ts";
import type { Outcome, OutcomeStatus } from "../outcome.ts";
import type { PlanNode } from "../plan/plan.ts";
import { addCounts, noTests, type TestCounts } from "../test-result.ts";
import { ServiceCounters, type ServiceCounts } from "./service-counters.ts";
import { exitCodeOf } from "./exit-codes.ts";

/** What a run has come to so far, in plain counters. */
export interface RunCounts {
  /** `at` of `run_started`. */
  readonly startedAt: string | undefined;
  /** `at` of the last event. */
  readonly lastAt: string | undefined;
  /** Nodes that have ended, by how. */
  readonly nodesByOutcome: Readonly<Record<OutcomeStatus, number>>;
  /** Of those that passed: taken over from an earlier run. */
  readonly nodesKept: number;
  readonly nodesFlaky: number;
  /** Nodes that have started and not ended, those that wait for a retry included. */
  readonly running: number;
  /** The tests of all nodes that have ended, as their last attempts counted them. */
  readonly tests: TestCounts;
  /** Retries that were announced (`node_retrying`). */
  readonly retries: number;
  readonly toolFailures: number;
  readonly slaBreaches: number;
  readonly services: ServiceCounts;
  /** Agents that are lost now. */
  readonly lostAgents: ReadonlySet<string>;
  /** How the limits of nodes were enforced; `undefined` while none had any. */
  readonly limits: EnforcementCounts | undefined;
  readonly lastSample: RunEventOf<"resource_sampled"> | undefined;
}

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** Folds events into {@link RunCounts}: the ground that totals, metrics and alerts stand on. */
export class RunCounters {
  readonly #running = new Set<NodeId>();
  readonly #lostAgents = new Set<string>();
  readonly #services = new ServiceCounters();
  /** Nodes that others are parts of: their tests are counted with those. */
  readonly #wholes = new Set<NodeId>();
  readonly #nodesByOutcome = zeroOutcomes();
  readonly #counts: Writable<RunCounts> = {
    startedAt: undefined,
    lastAt: undefined,
    nodesByOutcome: this.#nodesByOutcome,
    nodesKept: 0,
    nodesFlaky: 0,
    running: 0,
    tests: noTests,
    retries: 0,
    toolFailures: 0,
    slaBreaches: 0,
    services: this.#services,
    lostAgents: this.#lostAgents,
    limits: undefined,
    lastSample: undefined,
  };

  /** The counts as they are now; the same object changes with every event. */
  get counts(): RunCounts {
    return this.#counts;
  }

  /** Takes the next event; returns whether it could change a count other than the time. */
  onEvent(event: RunEvent): boolean {
    const counts = this.#counts;
    counts.lastAt = event.at;
    switch (event.type) {
      case "run_started":
        counts.startedAt = event.at;
        this.#noteWholes(event.plan.nodes);
        return true;
      case "plan_extended":
        this.#noteWholes(event.nodes);
        return false;
      case "node_started":
        this.#running.add(event.nodeId);
        counts.running = this.#running.size;
        return true;
      case "node_retrying":
        counts.retries += 1;
        return true;
      case "node_completed":
        this.#endNode(event);
        return true;
      case "tool_completed":
        if (event.error === undefined) return false;
        counts.toolFailures += 1;
        return true;
      case "agent_health_changed":
        if (event.to === "lost") this.#lostAgents.add(event.agent);
        else this.#lostAgents.delete(event.agent);
        return true;
      case "resource_sampled":
        counts.lastSample = event;
        return true;
      default:
        return this.#services.onEvent(event);
    }
  }

  #endNode(event: RunEventOf<"node_completed">): void {
    const { nodeId, outcome, keptFrom, flaky, counts: tests, slaBreaches = [] } = event;
    const counts = this.#counts;
    counts.limits = addEnforcement(counts.limits, enforcementOf(event));
    this.#running.delete(nodeId);
    counts.running = this.#running.size;
    this.#nodesByOutcome[outcome.status] += 1;
    if (keptFrom !== undefined) counts.nodesKept += 1;
    counts.slaBreaches += slaBreaches.length;
    if (this.#wholes.has(nodeId)) return;
    if (flaky) counts.nodesFlaky += 1;
    counts.tests = addCounts([counts.tests, tests]);
  }

  #noteWholes(nodes: readonly PlanNode[]): void {
    for (const { id, parts } of nodes) if (parts) this.#wholes.add(id);
  }
}

/** Milliseconds from `run_started` to the last event; `undefined` before the first. */
export function elapsedMs({ startedAt, lastAt }: RunCounts): number | undefined {
  if (startedAt === undefined || lastAt === undefined) return undefined;
  // `at` is the machine's clock, which somebody may set back.
  return Math.max(0, Date.parse(lastAt) - Date.parse(startedAt));
}

/** Nodes that failed, timed out or errored. */
export function failedNodes({ nodesByOutcome }: RunCounts): number {
  return nodesByOutcome.failed + nodesByOutcome["timed-out"] + nodesByOutcome.errored;
}

/** Failed nodes of those that ran, 0 to 1; `undefined` while none has. Skipped and kept nodes did not run. */
export function failureRate(counts: RunCounts): number | undefined {
  const ran = nodesThatRan(counts);
  return ran === 0 ? undefined : failedNodes(counts) / ran;
}

/** Nodes that passed of those that ran, 0 to 1; `undefined` while none has. Skipped and kept nodes did not run. */
export function successRate(counts: RunCounts): number | undefined {
  const ran = nodesThatRan(counts);
  return ran === 0 ? undefined : (counts.nodesByOutcome.passed - counts.nodesKept) / ran;
}

function nodesThatRan(counts: RunCounts): number {
  return endedNodes(counts) - counts.nodesByOutcome.skipped - counts.nodesKept;
}

function endedNodes({ nodesByOutcome }: RunCounts): number {
  return Object.values(nodesByOutcome).reduce((sum, count) => sum + count, 0);
}

function zeroOutcomes(): Record<OutcomeStatus, number> {
  return { passed: 0, failed: 0, "timed-out": 0, cancelled: 0, skipped: 0, errored: 0, inconclusive: 0 };
}

/** Folds a run's events into its {@link RunSummary}. */
export class RunTotals {
  readonly #counters = new RunCounters();
  #planned = 0;
  #busyMs = 0;
  #openInvocations = 0;
  #mostInvocations = 0;
  #firstStartMs: number | undefined;
  #lastEndMs: number | undefined;
  #completed: RunSummary | undefined;

  /** Takes the next event of the run. */
  onEvent(event: RunEvent): void {
    this.#counters.onEvent(event);
    switch (event.type) {
      case "run_completed":
        this.#completed = event.summary;
        break;
      case "run_started":
        this.#planned += event.plan.nodes.length;
        break;
      case "plan_extended":
        this.#planned += event.nodes.length;
        break;
      case "agent_started":
        this.#firstStartMs ??= Date.parse(event.at);
        this.#openInvocations += 1;
        this.#mostInvocations = Math.max(this.#mostInvocations, this.#openInvocations);
        break;
      case "agent_completed":
        this.#lastEndMs = Date.parse(event.at);
        this.#openInvocations -= 1;
        this.#busyMs += event.durationMs;
        break;
      default:
        break;
    }
  }

  /** What has been counted up to the last event. */
  get counts(): RunCounts {
    return this.#counters.counts;
  }

  /** Nodes of the plan, with those that agents added. */
  get planned(): number {
    return this.#planned;
  }

  /**
   * The summary of what was seen so far, with what only the controller knows: how the run ended, and how long it took
   * in milliseconds. A node that started and has no end did not pass; one that never started was skipped.
   */
  summary({ outcome, durationMs }: { readonly outcome: Outcome; readonly durationMs: number }): RunSummary {
    const { nodesByOutcome, nodesKept, running, tests, retries } = this.counts;
    const { passed, skipped } = nodesByOutcome;
    const notPassed = endedNodes(this.counts) - passed - skipped + running;
    return {
      outcome,
      exitCode: exitCodeOf(outcome),
      durationMs,
      counts: tests,
      nodes: {
        total: this.#planned,
        passed,
        notPassed,
        skipped: Math.max(skipped, this.#planned - passed - notPassed),
        kept: nodesKept,
      },
      retries,
      ...(this.counts.limits === undefined ? {} : { limits: this.counts.limits }),
      coordination: coordinationEfficiency({
        busyMs: this.#busyMs,
        agents: this.#mostInvocations,
        wallMs: Math.max(0, (this.#lastEndMs ?? 0) - (this.#firstStartMs ?? 0)),
      }),
    };
  }

  /**
   * The summary of a recorded run. One that was not recorded to its `run_completed` is `inconclusive`, whatever its nodes had
   * come to: what is missing could have changed any verdict. It lasted until its last event.
   */
  recorded(): RunSummary {
    if (this.#completed) return this.summary(this.#completed);
    const reason = `the run was interrupted: ${endedNodes(this.counts)} of ${this.#planned} nodes had ended`;
    return this.summary({ outcome: { status: "inconclusive", reason }, durationMs: elapsedMs(this.counts) ?? 0 });
  }
}

/** The summary of a recorded run: see {@link RunTotals.recorded}. */
export function summarizeRun(events: Iterable<RunEvent>): RunSummary {
  const totals = new RunTotals();
  for (const event of events) totals.onEvent(event);
  return totals.recorded();
}

/** How {@link mergeSummaries} checks that nothing got lost. */
export interface MergeOptions {
  /** Nodes of the whole plan; a sum that differs makes the whole inconclusive, or worse where it is worse already. */
  readonly expectedNodes?: number;
}

/**
 * The summary of several runs, or of shards that ran side by side, as one: counts are added, the longest duration is
 * that of the whole, its wall time is that of the agents of all, and the heaviest outcome decides as it does within a run
 * ({@link combineOutcomes}). Associative (milliseconds but for rounding), so that parts can be merged in any grouping.
 * Without any part there was nothing to run.
 */
export function mergeSummaries(summaries: Iterable<RunSummary>, { expectedNodes }: MergeOptions = {}): RunSummary {
  const parts = [...summaries];
  const sum = (of: (part: RunSummary) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const longest = (of: (part: RunSummary) => number): number =>
    parts.reduce((most, part) => Math.max(most, of(part)), 0);
  const nodes = {
    total: sum((part) => part.nodes.total),
    passed: sum((part) => part.nodes.passed),
    notPassed: sum((part) => part.nodes.notPassed),
    skipped: sum((part) => part.nodes.skipped),
    kept: sum((part) => part.nodes.kept),
  };
  const outcomes = parts.map((part) => part.outcome);
  const loss = expectedNodes === undefined ? undefined : lossOf(nodes, expectedNodes);
  if (loss !== undefined) outcomes.push({ status: "inconclusive", reason: loss });
  const outcome = outcomes.length === 0 ? combineOutcomes([]) : outcomes.reduce(joinOutcomes);
  const limits = parts.reduce<EnforcementCounts | undefined>(
    (all, part) => addEnforcement(all, part.limits),
    undefined,
  );
  return {
    ...(limits === undefined ? {} : { limits }),
    outcome,
    exitCode: exitCodeOf(outcome),
    durationMs: longest((part) => part.durationMs),
    counts: addCounts(parts.map((part) => part.counts)),
    nodes,
    retries: sum((part) => part.retries),
    coordination: coordinationEfficiency({
      busyMs: sum((part) => part.coordination.busyMs),
      agents: sum((part) => part.coordination.agents),
      wallMs: longest((part) => part.coordination.wallMs),
    }),
  };
}

/** What does not add up, if anything. */
function lossOf({ total, passed, notPassed, skipped }: RunSummary["nodes"], expected: number): string | undefined {
  if (total !== expected) return `the plan has ${expected} nodes, its parts ${total}`;
  const ended = passed + notPassed + skipped;
  return ended === expected ? undefined : `the plan has ${expected} nodes, its parts tell the end of ${ended}`;
}

/**
 * The outcome of two parts together; outcomes of one weight keep all their reasons. A part that was held back leaves
 * the whole inconclusive as soon as it meets one that was not: only so does it not matter which two are joined first.
 */
function joinOutcomes(left: Outcome, right: Outcome): Outcome {
  const areBothSkipped = left.status === "skipped" && right.status === "skipped";
  const pair = [left, right].map((outcome): Outcome =>
    outcome.status === "skipped" && !areBothSkipped && !hadNothingToRun(outcome)
      ? { status: "inconclusive", reason: outcome.reason }
      : outcome,
  );
  const decisive = combineOutcomes(pair.map((outcome) => ({ name: "", outcome })));
  const [first = decisive, second] = pair.filter(
    (outcome) => outcome.status === decisive.status && hadNothingToRun(outcome) === hadNothingToRun(decisive),
  );
  if (!second || first.status === "passed" || second.status === "passed") return first;
  const reasons = new Set([...first.reason.split("; "), ...second.reason.split("; ")]);
  return { ...first, reason: [...reasons].join("; ") };
}
