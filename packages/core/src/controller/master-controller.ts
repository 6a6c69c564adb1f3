import { AgentRegistry } from "../agents/agent-registry.ts";
import type { Agent, AgentHost } from "../agents/agent.ts";
import type { UserContext } from "../agents/agent-context.ts";
import { createAgentLogger } from "../agents/agent-logger.ts";
import { MessageBus } from "../agents/message-bus.ts";
import { type AgentSource, createAgents } from "../agents/plugin.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { ExecutionSettings, PlanResult } from "../engine/engine-options.ts";
import { createExecutionEngine, type ExecutionEngine } from "../engine/execution-engine.ts";
import type { KeptNode } from "../engine/recover.ts";
import { finalState, isActive, type RunState, RunStateMachine } from "../engine/run-state.ts";
import { EventStream } from "../events/event-stream.ts";
import type { Reporter } from "../events/reporter.ts";
import { type ReporterReview, withReview } from "../events/reporter-review.ts";
import type { RunSummary } from "../events/run-event.ts";
import type { RunHost, RunInputs } from "../events/run-surroundings.ts";
import { createRunId, type NodeId, type RunId } from "../ids.ts";
import type { Outcome } from "../outcome.ts";
import { expectedDurations } from "../plan/estimate/past-durations.ts";
import type { Plan } from "../plan/plan.ts";
import { AgentLifecycle } from "./agent-lifecycle.ts";
import { subscribeAgents } from "./agent-reporters.ts";
import { AlertEvaluator, type AlertRule } from "./alerts.ts";
import { Heartbeat } from "./heartbeat.ts";
import { reviewRun } from "./review-run.ts";
import { ResourceSampler } from "./resource-sampler.ts";
import { createTestOrchestratorAgent, testOrchestratorAgentName } from "./test-orchestrator-agent.ts";

/** Whom a run belongs to, who takes part in it, and what is watched meanwhile. */
export interface RunPlanOptions extends ExecutionSettings {
  /** Agents, or what makes them for this run. */
  readonly agents: readonly AgentSource[];
  readonly reporters?: readonly Reporter[];
  /** Cancels the run; its reason should be an `Outcome`. */
  readonly signal?: AbortSignal;
  readonly runId?: RunId;
  readonly user?: UserContext;
  readonly clock?: Clock;
  /** Told in `run_started`. */
  readonly apexVersion?: string;
  /** How long agents may take to stop and reporters to close, each, in milliseconds; 5 s by default. */
  readonly graceMs?: number;
  /** Of whatever else the results depend on, such as the state of the code: recorded, so that a resume can compare it. */
  readonly inputFingerprint?: string;
  /** The same where it takes a while to find out, and more about it; the run does not end before it is known. */
  readonly inputs?: PromiseLike<RunInputs | undefined>;
  /** Told in `run_started`. */
  readonly command?: readonly string[];
  /** Told in `run_started`. */
  readonly host?: RunHost;
  /** The interrupted run that this one goes on with, and the passes that are not run again: see `resumeRun`. */
  readonly resumes?: { readonly runId: RunId; readonly kept: ReadonlyMap<NodeId, KeptNode> };
  readonly alerts?: readonly AlertRule[];
  /** Laid over every text of every event: see `createMask`. What agents and tools get is untouched. */
  readonly mask?: (text: string) => string;
  /** Milliseconds between two heartbeats; 5,000 by default. */
  readonly heartbeatMs?: number;
  /** As many missed heartbeats in a row make an agent lost; 3 by default. */
  readonly missedBeats?: number;
  /** Milliseconds between two samples of memory, CPU and disk; 5,000 by default. */
  readonly sampleMs?: number;
}

/** A run under way. */
export interface RunHandle {
  readonly id: RunId;
  /** Resolves when everything is over and closed; never rejects for what happens in the run. */
  readonly summary: Promise<RunSummary>;
  readonly state: RunState;
  /** Starts nothing more until `resume`. What runs goes on; the budgets of layers and the run stand still. */
  pause(reason?: string): void;
  resume(): void;
  /** Ends what runs, and the run with it. */
  cancel(outcome?: Outcome): void;
}

const defaultGraceMs = 5_000;
/** Looking at an environment once more may take as long. */
const reviewMs = 30_000;
const defaultSampleMs = 5_000;

/**
 * Runs a plan from the start of its agents to the last reporter's close, on every path, and returns what came of it.
 *
 * Rejects with `UnknownAgentError`, `DuplicateAgentError`, `AgentCycleError`, `UnknownConditionError`, `DefinitionError`,
 * `PlanError` or `DagError` for a plan that cannot be run; what happens *in* the run never throws but ends up in the summary's outcome.
 */
export async function runPlan(plan: Plan, options: RunPlanOptions): Promise<RunSummary> {
  return startRun(plan, options).summary;
}

/** Like {@link runPlan}, with a handle to pause, resume and cancel the run. Throws what `runPlan` rejects with. */
export function startRun(plan: Plan, options: RunPlanOptions): RunHandle {
  const controller = new MasterController(plan, options);
  const summary = controller.run();
  // Whoever only pauses and cancels need not await it.
  summary.catch(() => undefined);
  return {
    id: controller.runId,
    summary,
    get state() {
      return controller.state;
    },
    pause: (reason = "on request") => controller.engine.pause(reason),
    resume: () => controller.engine.resume(),
    cancel: (outcome) => controller.cancel(outcome),
  };
}

/** Takes one run from its first to its last event: agents, heartbeat, engine, alerts, aggregation, shutdown. */
class MasterController {
  readonly runId: RunId;
  readonly engine: ExecutionEngine;
  readonly #plan: Plan;
  readonly #options: RunPlanOptions;
  readonly #clock: Clock;
  readonly #stream: EventStream;
  readonly #registry: AgentRegistry;
  readonly #lifecycle: AgentLifecycle;
  readonly #bus: MessageBus;
  readonly #heartbeat: Heartbeat;
  readonly #sampler: ResourceSampler;
  readonly #states: RunStateMachine;
  readonly #cancel = new AbortController();
  #isExchanging = false;
  #isWaiting = false;

  constructor(plan: Plan, options: RunPlanOptions) {
    const { clock = systemClock, user = {}, graceMs = defaultGraceMs, resumes, mask } = options;
    this.#plan = plan;
    this.#options = options;
    this.#clock = clock;
    this.runId = options.runId ?? createRunId(new Date(clock.now()));
    this.#registry = new AgentRegistry(withOrchestrator(createAgents(options.agents)));
    const agents = this.#registry.all();
    const stream = new EventStream({ runId: this.runId, clock, user, mask });
    this.#stream = stream;
    this.#states = new RunStateMachine((from, to) => stream.emit({ type: "run_state_changed", from, to }));
    this.#lifecycle = new AgentLifecycle(this.#registry, clock, graceMs);
    this.#bus = new MessageBus({
      agents,
      stream,
      clock,
      isReachable: (agent) => this.engine.isAvailable(agent),
      onActivity: (isBusy) => this.#settleState({ isExchanging: isBusy }),
    });
    this.engine = createExecutionEngine({
      ...options,
      plan,
      agents: this.#registry,
      stream,
      clock,
      run: this.#facts(),
      user,
      send: (message, from) => this.#bus.send(message, from),
      ...(resumes ? { kept: resumes.kept } : {}),
      onWaiting: (isWaiting) => this.#settleState({ isWaiting }),
    });
    this.#heartbeat = new Heartbeat({
      agents,
      stream,
      clock,
      ...(options.heartbeatMs === undefined ? {} : { intervalMs: options.heartbeatMs }),
      ...(options.missedBeats === undefined ? {} : { missedBeats: options.missedBeats }),
      onLost: (agent, reason) => this.engine.loseAgent(agent, reason),
      onRecovered: (agent) => this.engine.recoverAgent(agent),
    });
    this.#sampler = new ResourceSampler({
      clock,
      stream,
      intervalMs: options.sampleMs ?? defaultSampleMs,
      projectRoot: plan.projectRoot,
      load: () => this.engine.load,
    });
  }

  get state(): RunState {
    return this.#states.state;
  }

  cancel(outcome: Outcome = { status: "cancelled", by: "person", reason: "cancelled on request" }): void {
    this.#cancel.abort(outcome);
  }

  async run(): Promise<RunSummary> {
    const { graceMs = defaultGraceMs } = this.#options;
    let review: ReporterReview;
    let summary: RunSummary;
    try {
      summary = await this.#runToItsEnd();
    } finally {
      review = await this.#stream.close(graceMs);
    }
    return withReview(summary, review);
  }

  /** From the first event to the last one. */
  async #runToItsEnd(): Promise<RunSummary> {
    const { signal } = this.#options;
    const follow = (): void => this.#cancel.abort(signal?.reason);
    if (signal?.aborted) follow();
    else signal?.addEventListener("abort", follow, { once: true });
    this.#subscribe();
    const startedMs = this.#clock.monotonicMs();
    this.#announce();
    const identified = this.#identifyInputs();
    try {
      this.#states.moveTo("initializing");
      const result = await this.#execute();
      const outcome = await this.#review(result.outcome);
      const durationMs = this.#clock.monotonicMs() - startedMs;
      await identified;
      const summary = await this.#aggregate(outcome, durationMs);
      await this.#lifecycle.stop();
      this.#bus.close("the run is over");
      this.#states.moveTo(finalState(summary.outcome));
      this.#stream.emit({ type: "run_completed", summary });
      return summary;
    } finally {
      signal?.removeEventListener("abort", follow);
      this.#quiet();
      this.#bus.close("the run is over");
      await this.#lifecycle.stop();
    }
  }

  #announce(): void {
    const { apexVersion, command, host, inputFingerprint, resumes } = this.#options;
    const versioned = this.#registry
      .all()
      .flatMap(({ name, version }) => (version === undefined ? [] : [[name, version]]));
    this.#stream.emit({
      type: "run_started",
      plan: this.#plan,
      ...(apexVersion === undefined ? {} : { apexVersion }),
      ...(command === undefined ? {} : { command }),
      ...(host === undefined ? {} : { host }),
      ...(versioned.length === 0 ? {} : { agentVersions: Object.fromEntries(versioned) as Record<string, string> }),
      ...(inputFingerprint === undefined ? {} : { inputFingerprint }),
      ...(resumes === undefined ? {} : { resumes: resumes.runId }),
      ...expectedDurations(this.#plan, this.#options.pastDurationsMs),
    });
  }

  async #identifyInputs(): Promise<void> {
    try {
      const inputs = await this.#options.inputs;
      if (inputs) this.#stream.emit({ type: "inputs_identified", ...inputs });
    } catch {
      // Not to know them costs a run nothing: nothing of it will be kept on trust.
    }
  }

  /** Starts the agents and walks the plan. */
  async #execute(): Promise<PlanResult> {
    const startError = await this.#lifecycle.start((agent) => this.#hostOf(agent), this.#cancel.signal);
    // Every node has its end in the stream, also where none could begin.
    if (startError) return this.engine.execute(AbortSignal.abort(startError));
    this.#heartbeat.start();
    this.#sampler.start();
    this.#states.moveTo("running");
    const result = await this.engine.execute(this.#cancel.signal);
    this.#quiet();
    this.#states.moveTo("aggregating-results");
    return result;
  }

  /** A run that passed may still turn out to have proved nothing; about any other, what is seen is only told. */
  async #review(outcome: Outcome): Promise<Outcome> {
    if (outcome.status === "cancelled") return outcome;
    const { graceMs = defaultGraceMs } = this.#options;
    return reviewRun(outcome, this.#registry.all(), { clock: this.#clock, graceMs: Math.max(graceMs, reviewMs) });
  }

  /** Asks the orchestrator, which has followed the stream, for what came of it all. */
  async #aggregate(outcome: Outcome, durationMs: number): Promise<RunSummary> {
    const [delivery] = await this.#bus.send(
      {
        pattern: "parallel",
        to: [testOrchestratorAgentName],
        topic: "aggregate",
        payload: { outcome, durationMs },
        priority: 1,
      },
      { agent: "master-controller" },
    );
    if (delivery?.status === "delivered") return delivery.reply as RunSummary;
    throw new Error(`${testOrchestratorAgentName} did not aggregate: ${delivery?.error ?? delivery?.status}`);
  }

  #subscribe(): void {
    const { reporters = [], alerts = [] } = this.#options;
    for (const reporter of reporters) this.#stream.subscribe(reporter);
    subscribeAgents(this.#stream, this.#registry.all());
    if (alerts.length > 0) this.#stream.subscribe(this.#alertWatch(alerts));
  }

  #alertWatch(alerts: readonly AlertRule[]): Reporter {
    const evaluator = new AlertEvaluator(alerts);
    return {
      name: "alerts",
      onEvent: (event) => {
        for (const change of evaluator.onEvent(event)) {
          const { when: rule, notify } = change.rule;
          this.#stream.emit(
            change.kind === "raised"
              ? { type: "alert_raised", rule, message: change.message, notify }
              : { type: "alert_cleared", rule },
          );
        }
      },
    };
  }

  /** `coordinating` while agents exchange messages, `waiting-for-agents` once the last node has started. */
  #settleState(change: { readonly isExchanging?: boolean; readonly isWaiting?: boolean }): void {
    this.#isExchanging = change.isExchanging ?? this.#isExchanging;
    this.#isWaiting = change.isWaiting ?? this.#isWaiting;
    if (!isActive(this.state)) return;
    const next = this.#isExchanging ? "coordinating" : this.#isWaiting ? "waiting-for-agents" : "running";
    if (next !== this.state) this.#states.moveTo(next);
  }

  #hostOf({ name }: Agent): AgentHost {
    return {
      run: this.#facts(),
      user: this.#options.user ?? {},
      signal: this.#cancel.signal,
      logger: createAgentLogger((entry) => this.#stream.emit({ type: "agent_logged", agent: name, ...entry })),
      send: (message) => this.#bus.send(message, { agent: name, signal: this.#cancel.signal }),
      report: (event) => this.#stream.emit(event),
    };
  }

  #facts(): AgentHost["run"] {
    const { environment, projectRoot } = this.#plan;
    return { id: this.runId, environment, projectRoot };
  }

  #quiet(): void {
    this.#heartbeat.stop();
    this.#sampler.stop();
  }
}

/** Every run has one that aggregates, the caller's own where it brings one. */
function withOrchestrator(agents: readonly Agent[]): Agent[] {
  const has = agents.some((agent) => agent.name === testOrchestratorAgentName);
  return has ? [...agents] : [createTestOrchestratorAgent(), ...agents];
}
