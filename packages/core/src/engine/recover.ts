import { ApexError } from "../apex-error.ts";
import type { NodeEvidence, RunEvent, RunEventOf } from "../events/run-event.ts";
import type { NodeId, RunId } from "../ids.ts";
import type { Outcome } from "../outcome.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import type { TestCounts } from "../test-result.ts";
import { extendedPlan } from "../plan/extended-plan.ts";

/** A log of events does not tell one run from its start without a gap. */
export class RecoveryError extends ApexError {
  readonly code = "APEX_RECOVERY_IMPOSSIBLE";
  /** The event at which the log goes wrong; undefined for a log without any. */
  readonly seq: number | undefined;

  constructor(problem: string, seq?: number) {
    super(problem, { hint: "a run can be resumed from its own whole log only; start it anew" });
    this.seq = seq;
  }
}

/** A value that a node wrote into the state that agents share. */
export interface KeptState {
  readonly key: string;
  readonly value: unknown;
  readonly agent: string;
  readonly attempt: number;
}

/** A node that passed, and all that a run which takes its pass over must know of it. */
export interface KeptNode {
  readonly outcome: Outcome;
  readonly counts: TestCounts;
  readonly flaky: boolean;
  readonly evidence?: NodeEvidence;
  /** As the log tells it: 0 for a pass that had itself been taken over. */
  readonly durationMs: number;
  /** The run in which the node really ran: this one, or one further back in a chain of resumed runs. */
  readonly keptFrom: RunId;
  /** In the order in which it was written, over all attempts: what a failed one wrote is there as well in the run itself. */
  readonly state: readonly KeptState[];
  /** Last values of what the attempt that passed measured; absent when it measured nothing, or ran in an earlier run. */
  readonly metrics?: ReadonlyMap<string, number>;
  /** Nodes of the plan that it added, in this run or in one before it. */
  readonly spawned: readonly NodeId[];
}

/** How far a run had come. */
export interface RecoveredRun {
  readonly runId: RunId;
  /** The run that this one had itself resumed. */
  readonly resumes?: RunId;
  /** The plan as far as it had grown, without nodes whose spawner did not pass: that one will add them again. */
  readonly plan: Plan;
  /** Whether the run came to its own end; otherwise it was interrupted. */
  readonly isFinished: boolean;
  /** Versions of those agents that had one. */
  readonly agentVersions: Readonly<Record<string, string>>;
  /** Of whatever else the results depended on. */
  readonly inputFingerprint?: string;
  /** Every node that passed. */
  readonly kept: ReadonlyMap<NodeId, KeptNode>;
}

/** What is known of the log beside its events. */
export interface RecoverOptions {
  /** `seq` of events that the reader left out because it does not know them (`ParsedEventLog.skipped`): they are no gap. */
  readonly skipped?: Iterable<number>;
}

/**
 * What is left of a run, from the events of its log in order, up to wherever it was interrupted. Throws `RecoveryError` for
 * a log that does not begin with `run_started`, that has events of another run, or in which an event is missing.
 */
export function recoverRun(events: Iterable<RunEvent>, { skipped = [] }: RecoverOptions = {}): RecoveredRun {
  let start: RunEventOf<"run_started"> | undefined;
  let isFinished = false;
  let identified: string | undefined;
  const added: PlanNode[] = [];
  const passes = new PassesFold();
  for (const event of withoutGaps(events, new Set(skipped))) {
    start = startOf(start, event);
    passes.onEvent(event);
    if (event.type === "plan_extended") added.push(...event.nodes);
    if (event.type === "run_completed") isFinished = true;
    if (event.type === "inputs_identified") identified = event.inputFingerprint;
  }
  if (!start) throw new RecoveryError("the log has no run_started: it has no events at all");
  const { runId, resumes, agentVersions = {}, inputFingerprint = identified } = start;
  const grown = extendedPlan(start.plan, added);
  // A crash can come between a node's `plan_extended` and its end, or before the pass of a spawner was taken over.
  const notPassed = grown.nodes.filter(({ id }) => !passes.byNode.has(id));
  const plan = withoutSpawnedBy(
    grown,
    notPassed.map(({ id }) => id),
  );
  return {
    runId,
    ...(resumes === undefined ? {} : { resumes }),
    plan,
    isFinished,
    agentVersions,
    ...(inputFingerprint === undefined ? {} : { inputFingerprint }),
    kept: keptNodes(plan, passes.byNode),
  };
}

/**
 * The plan without the nodes that these have added during the run, and without those that such nodes have added in turn.
 * Where a node of somebody else needs one that goes, it waits for the spawner instead, and so for what that one adds anew;
 * where its condition asks about one, it is skipped, as there is nobody left to ask.
 */
export function withoutSpawnedBy(plan: Plan, ids: Iterable<NodeId>): Plan {
  const spawners = new Set(ids);
  /** Nodes that go, each with the one that stays and that it comes from. A spawner is always before what it has added. */
  const gone = new Map<NodeId, NodeId>();
  for (const { id, spawnedBy } of plan.nodes) {
    if (spawnedBy === undefined) continue;
    const stays = gone.get(spawnedBy);
    if (stays !== undefined || spawners.has(spawnedBy)) gone.set(id, stays ?? spawnedBy);
  }
  if (gone.size === 0) return plan;
  return {
    ...plan,
    layers: plan.layers.map((layer) => ({ ...layer, nodes: layer.nodes.filter((id) => !gone.has(id)) })),
    nodes: plan.nodes.filter(({ id }) => !gone.has(id)).map((node) => withoutGone(node, gone)),
  };
}

function withoutGone(node: PlanNode, gone: ReadonlyMap<NodeId, NodeId>): PlanNode {
  const needs = [...new Set(node.needs.map((id) => gone.get(id) ?? id))];
  const asked = Object.entries(node.when?.outcome ?? {});
  const [missing] = asked.find(([id]) => gone.has(id)) ?? [];
  if (missing === undefined) return { ...node, needs };
  const when = { ...node.when, outcome: Object.fromEntries(asked.filter(([id]) => !gone.has(id))) };
  const reason = `its condition asks about ${missing}, which ${gone.get(missing)} has to add again`;
  return { ...node, needs, when, skip: node.skip ?? { cause: "dependency", reason } };
}

/** Follows what nodes leave behind until they end, and keeps it of those that pass. */
class PassesFold {
  readonly byNode = new Map<NodeId, Omit<KeptNode, "spawned">>();
  readonly #state = new Map<NodeId, KeptState[]>();
  readonly #metrics = new Map<NodeId, Map<string, number>>();

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case "agent_started":
        // What an attempt measures is its own; what it writes stays.
        this.#metrics.set(event.nodeId, new Map());
        break;
      case "metric_reported":
        this.#metrics.get(event.nodeId)?.set(event.name, event.value);
        break;
      case "state_written":
        this.#noteState(event);
        break;
      case "node_completed":
        if (event.outcome.status === "passed") this.byNode.set(event.nodeId, this.#passOf(event));
        this.#state.delete(event.nodeId);
        this.#metrics.delete(event.nodeId);
        break;
      default:
        break;
    }
  }

  #noteState({ nodeId, key, value, agent, attempt }: RunEventOf<"state_written">): void {
    const written = this.#state.get(nodeId);
    if (written) written.push({ key, value, agent, attempt });
    else this.#state.set(nodeId, [{ key, value, agent, attempt }]);
  }

  #passOf(event: RunEventOf<"node_completed">): Omit<KeptNode, "spawned"> {
    const { nodeId, runId, outcome, counts, flaky, evidence, durationMs, keptFrom = runId } = event;
    const metrics = this.#metrics.get(nodeId);
    return {
      outcome,
      counts,
      flaky,
      ...(evidence === undefined ? {} : { evidence }),
      durationMs,
      keptFrom,
      state: this.#state.get(nodeId) ?? [],
      ...(metrics === undefined || metrics.size === 0 ? {} : { metrics }),
    };
  }
}

/** The passes of nodes of the plan, each with what the node has added to it. */
function keptNodes(plan: Plan, passes: PassesFold["byNode"]): Map<NodeId, KeptNode> {
  const kept = new Map<NodeId, KeptNode & { readonly spawned: NodeId[] }>();
  for (const { id, spawnedBy } of plan.nodes) {
    const pass = passes.get(id);
    if (pass) kept.set(id, { ...pass, spawned: [] });
    if (spawnedBy !== undefined) kept.get(spawnedBy)?.spawned.push(id);
  }
  return kept;
}

/** Throws `RecoveryError` where a number is left out that nobody skipped, or does not come in its turn. */
function* withoutGaps(events: Iterable<RunEvent>, skipped: ReadonlySet<number>): Generator<RunEvent> {
  let next = 1;
  for (const event of events) {
    const { seq } = event;
    while (next < seq && skipped.has(next)) next += 1;
    if (seq > next) throw new RecoveryError(`event ${next} is missing before event ${seq}`, next);
    if (seq < next) throw new RecoveryError(`event ${seq} comes too late, after event ${next - 1}`, seq);
    yield event;
    next += 1;
  }
}

/** Throws `RecoveryError` for an event that does not belong to the run that the first one starts. */
function startOf(start: RunEventOf<"run_started"> | undefined, event: RunEvent): RunEventOf<"run_started"> {
  const { seq, type, runId } = event;
  if (!start) {
    if (type === "run_started") return event;
    throw new RecoveryError(`the log has no run_started: its first event is ${type} (event ${seq})`, seq);
  }
  if (runId !== start.runId) throw new RecoveryError(`event ${seq} is of run ${runId}, not of ${start.runId}`, seq);
  if (type === "run_started") throw new RecoveryError(`event ${seq} starts the run a second time`, seq);
  return start;
}
