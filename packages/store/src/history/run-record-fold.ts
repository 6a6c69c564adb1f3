import {
  failureClassOf,
  type NodeId,
  type Outcome,
  type Plan,
  type Reporter,
  type RunEvent,
  type RunEventOf,
  type RunId,
  type RunInputs,
  runInputsOf,
  RunTotals,
  type TestResult,
} from "@netra-apex/core";
import { commandOf, KnownNodes, partsOf, taskOf } from "./known-nodes.ts";
import type { RecordedAttempt, RecordedLayer, RecordedNode, RecordedTest, RunRecord } from "./run-record.ts";

type RunStart = RunEventOf<"run_started">;

/** Longer failure messages are cut: the journal has them whole. */
const longestMessage = 500;

/** Folds a run's events into what the history keeps of it, while it runs or from its journal. */
export class RunRecordFold implements Reporter {
  readonly name = "history";
  readonly #totals = new RunTotals();
  readonly #nodes = new KnownNodes();
  readonly #layers: RecordedLayer[] = [];
  readonly #ended: RecordedNode[] = [];
  readonly #offsets = new Map<NodeId, number>();
  readonly #attempts = new Map<NodeId, RecordedAttempt[]>();
  readonly #tests = new Map<NodeId, TestsOfNode>();
  #start:
    | { readonly runId: RunId; readonly at: string; readonly plan: Pick<Plan, "environment" | "runMode"> }
    | undefined;
  #budgets = new Map<string, { readonly name: string; readonly budgetMs?: number }>();
  #facts: Pick<RunStart, "command" | "resumes"> = {};
  #inputs: RunInputs | undefined;
  #isFinished = false;

  onEvent(event: RunEvent): void {
    this.#totals.onEvent(event);
    this.#nodes.onEvent(event);
    switch (event.type) {
      case "run_started":
        this.#begin(event);
        break;
      case "inputs_identified":
        this.#inputs = runInputsOf(event);
        break;
      case "layer_completed":
        this.#endLayer(event);
        break;
      case "agent_completed":
        this.#endAttempt(event);
        break;
      case "node_started":
        this.#offsets.set(event.nodeId, this.#offsetOf(event.at));
        break;
      case "test_completed":
        this.#testsOf(event.nodeId).add(event.test, event.attempt);
        break;
      case "node_completed":
        this.#endNode(event);
        break;
      case "run_completed":
        this.#isFinished = true;
        break;
      default:
        break;
    }
  }

  /** What was recorded so far; undefined before the first event. */
  get record(): RunRecord | undefined {
    if (!this.#start) return undefined;
    const { runId, at, plan } = this.#start;
    const { outcome, exitCode, durationMs, counts, nodes } = this.#totals.recorded();
    return {
      id: runId,
      startedMs: Date.parse(at),
      durationMs: Math.round(durationMs),
      ...statusOf(outcome),
      exitCode,
      isFinished: this.#isFinished,
      ...(plan.runMode === undefined ? {} : { runMode: plan.runMode }),
      environment: plan.environment,
      ...(this.#inputs ? { inputs: this.#inputs } : {}),
      ...this.#facts,
      nodeCount: nodes.total,
      keptCount: nodes.kept,
      counts,
      layers: this.#layers,
      nodes: this.#ended,
      tests: onePerTest([...this.#tests].flatMap(([nodeId, tests]) => this.#named(nodeId, tests))),
    };
  }

  #begin({ runId, at, plan, command, resumes, inputFingerprint }: RunStart): void {
    const { environment, runMode } = plan;
    this.#start = { runId, at, plan: { environment, ...(runMode === undefined ? {} : { runMode }) } };
    this.#facts = { ...(command === undefined ? {} : { command }), ...(resumes === undefined ? {} : { resumes }) };
    if (inputFingerprint !== undefined) this.#inputs = { inputFingerprint };
    for (const { id, name = id, budgetMs } of plan.layers) {
      this.#budgets.set(id, { name, ...(budgetMs === undefined ? {} : { budgetMs }) });
    }
  }

  /** `at` is the machine's clock, which somebody may set back. */
  #offsetOf(at: string): number {
    return Math.max(0, Date.parse(at) - Date.parse(this.#start?.at ?? at));
  }

  #endLayer({ layerId: id, outcome, durationMs }: RunEventOf<"layer_completed">): void {
    const { name = id, budgetMs } = this.#budgets.get(id) ?? {};
    this.#layers.push({
      id,
      name,
      status: outcome.status,
      durationMs: Math.round(durationMs),
      ...(budgetMs === undefined ? {} : { budgetMs }),
    });
  }

  #endAttempt({ nodeId, attempt, outcome, durationMs, counts }: RunEventOf<"agent_completed">): void {
    const attempts = this.#attempts.get(nodeId) ?? [];
    this.#attempts.set(nodeId, attempts);
    attempts.push({
      attempt,
      ...statusOf(outcome),
      durationMs: Math.round(durationMs),
      counts: counts ?? { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 },
    });
  }

  #endNode({ at, nodeId: id, layerId, outcome, durationMs, flaky, counts, evidence, keptFrom }: NodeEnded): void {
    const failureClass = failureClassOf(outcome);
    this.#ended.push({
      id,
      layerId,
      category: this.#nodes.categoryOf(id),
      ...statusOf(outcome),
      ...(failureClass === undefined ? {} : { failureClass }),
      offsetMs: this.#offsets.get(id) ?? this.#offsetOf(at),
      durationMs: Math.round(durationMs),
      attempts: this.#attempts.get(id) ?? [],
      isFlaky: flaky,
      isPartial: this.#nodes.isPartial(id),
      isKept: keptFrom !== undefined,
      parts: partsOf(this.#nodes.get(id)),
      counts,
      ...(typeof evidence?.exitCode === "number" ? { exitCode: evidence.exitCode } : {}),
    });
    this.#attempts.delete(id);
  }

  #testsOf(nodeId: NodeId): TestsOfNode {
    let tests = this.#tests.get(nodeId);
    if (!tests) this.#tests.set(nodeId, (tests = new TestsOfNode()));
    return tests;
  }

  #named(nodeId: NodeId, tests: TestsOfNode): RunRecord["tests"][number][] {
    const category = this.#nodes.categoryOf(nodeId);
    const task = taskOf(this.#nodes.get(nodeId));
    const command = task ? commandOf(task) : "";
    const isPartial = this.#nodes.isPartial(nodeId);
    return tests.all().map((test) => ({ category, ...test, command, isPartial }));
  }
}

type NodeEnded = RunEventOf<"node_completed">;

/** The tests of one node over its attempts. */
class TestsOfNode {
  readonly #byKey = new Map<string, Omit<RecordedTest, "category">>();
  /** How often each name came in the present attempt. */
  #seen = new Map<string, number>();
  #attempt = 0;

  add({ file = "", suites, name, status, durationMs, flaky, message }: TestResult, attempt: number): void {
    if (attempt !== this.#attempt) this.#seen = new Map();
    this.#attempt = attempt;
    const titles = [...suites, name];
    const place = JSON.stringify([file, ...titles]);
    const occurrence = (this.#seen.get(place) ?? 0) + 1;
    this.#seen.set(place, occurrence);
    const key = occurrence === 1 ? place : `${place}${occurrence}`;
    const hasFailed = isFailed(this.#byKey.get(key)?.status);
    this.#byKey.set(key, {
      file,
      titles,
      occurrence,
      status,
      durationMs,
      isFlaky: status === "passed" && (flaky === true || hasFailed),
      ...(message === undefined ? {} : { message: message.slice(0, longestMessage) }),
    });
  }

  all(): Omit<RecordedTest, "category">[] {
    return [...this.#byKey.values()];
  }
}

/** Shards of a category may each run a test that the others run as well, such as one that sets them up. */
function onePerTest(tests: RunRecord["tests"]): RunRecord["tests"] {
  const byPlace = new Map<string, RunRecord["tests"][number]>();
  for (const test of tests) {
    const place = JSON.stringify([test.category, test.file, ...test.titles, test.occurrence]);
    const other = byPlace.get(place);
    byPlace.set(place, other ? together(other, test) : test);
  }
  return [...byPlace.values()];
}

function together(one: RunRecord["tests"][number], other: RunRecord["tests"][number]): RunRecord["tests"][number] {
  const weight = ({ status }: RecordedTest): number => (isFailed(status) ? 2 : Number(status === "passed"));
  const decisive = weight(other) > weight(one) ? other : one;
  return {
    ...decisive,
    durationMs: Math.max(one.durationMs, other.durationMs),
    isFlaky: decisive.status === "passed" && (one.isFlaky || other.isFlaky),
  };
}

function isFailed(status: TestResult["status"] | undefined): boolean {
  return status === "failed" || status === "errored";
}

function statusOf(outcome: Outcome): Pick<RunRecord, "status" | "reason"> {
  return outcome.status === "passed"
    ? { status: "passed" }
    : { status: outcome.status, reason: outcome.reason.slice(0, longestMessage) };
}
