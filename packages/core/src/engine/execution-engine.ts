import { describeThrown } from "../apex-error.ts";
import { StateStore } from "../agents/state-store.ts";
import type { Outcome } from "../outcome.ts";
import { checkPlan } from "../plan/check-plan.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import { AgentAvailability } from "./agent-availability.ts";
import { ConditionJudge } from "./condition-judge.ts";
import type { ExecutionEngineOptions, PlanResult } from "./engine-options.ts";
import { everyNode, type EveryNode } from "./every-node.ts";
import { Expansion } from "./expansion.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { GraphWalk } from "./graph-walk.ts";
import { IsolatedRetries } from "./isolated-retries.ts";
import { keepPass } from "./kept-passes.ts";
import { LayerExecution, type Skip } from "./layer-execution.ts";
import { executeNode, type NodeExecutionResult, type NodeResult } from "./node-execution.ts";
import { type EndedNode, NodeResults, withoutRun } from "./node-results.ts";
import { weightsFrom } from "./node-weights.ts";
import { RunControl } from "./run-control.ts";
import { RetryBudget, takeRetry } from "./retry-delay.ts";
import { Scheduler } from "./scheduler.ts";

/**
 * Walks one plan for one user: starts what is ready within the limits, holds deadlines, applies failure policies, opens
 * a layer's gate once the layers before it have passed, takes in what agents add. Made by {@link createExecutionEngine}
 * for one run and never shared.
 */
export class ExecutionEngine {
  static readonly #key = Symbol("factory");
  readonly #options: ExecutionEngineOptions;
  readonly #control: RunControl;
  readonly #walk: GraphWalk;
  readonly #scheduler: Scheduler;
  readonly #results: NodeResults;
  readonly #conditions: ConditionJudge;
  readonly #expansion: Expansion;
  readonly #isolated: IsolatedRetries;
  readonly #state: StateStore;
  readonly #agents: AgentAvailability;
  readonly #layers: readonly LayerExecution[];
  readonly #layerById: ReadonlyMap<string, LayerExecution>;
  readonly #retryBudget: RetryBudget | undefined;
  readonly #gatekeeper: Gatekeeper;
  readonly #everyNode: EveryNode;
  #plan: Plan;
  /** Nodes that have neither started nor ended. */
  #unstarted: number;
  #isWaiting = false;
  #hasBegun = false;
  #finish: (() => void) | undefined;
  /** Ends the run with a bug of ours: better told than a run that never ends. */
  #crash: ((error: unknown) => void) | undefined;

  /** Not for direct use: see {@link createExecutionEngine}. */
  private constructor(options: ExecutionEngineOptions, key: symbol) {
    if (key !== ExecutionEngine.#key) throw new TypeError("use createExecutionEngine()");
    const { plan, stream } = options;
    checkPlan(plan);
    this.#options = options;
    this.#plan = plan;
    this.#control = new RunControl(options);
    this.#walk = new GraphWalk(plan, weightsFrom(options.pastDurationsMs, options.kept));
    this.#agents = new AgentAvailability(stream);
    this.#gatekeeper = new Gatekeeper(options, this.#control, {
      nodeAt: (index) => this.#nodeAt(index),
      isStopped: (index) => (this.#stopReason(index) ?? this.#agents.refusal(this.#nodeAt(index).agent)) !== undefined,
      onChange: () => this.#dispatch(),
    });
    this.#scheduler = new Scheduler(plan, this.#walk.priorities, this.#gatekeeper.host.nodes);
    this.#isolated = new IsolatedRetries(this.#walk, this.#scheduler);
    this.#results = new NodeResults(stream);
    this.#state = new StateStore((entry) => stream.emit({ type: "state_written", ...entry }), options.stateLimitBytes);
    this.#conditions = new ConditionJudge(options, this.#results, this.#state);
    this.#expansion = new Expansion(options, this.#conditions.names);
    this.#layers = plan.layers.map((layer) => new LayerExecution(layer, { stream, clock: this.#control.budgetClock }));
    this.#layerById = new Map(this.#layers.map((state) => [state.layer.id, state]));
    this.#retryBudget = plan.retryBudget === undefined ? undefined : new RetryBudget("the run", plan.retryBudget);
    this.#everyNode = everyNode(options, this.#state);
    this.#unstarted = plan.nodes.length;
    this.#conditions.assertRunnable(plan, options.agents);
  }

  /** @internal */
  static create(options: ExecutionEngineOptions): ExecutionEngine {
    return new ExecutionEngine(options, ExecutionEngine.#key);
  }

  /** Nodes that could start but for the limits, and nodes that run. */
  get load(): { readonly queueDepth: number; readonly running: number } {
    return { queueDepth: this.#scheduler.waiting, running: this.#scheduler.running };
  }

  /** Whether an agent may be given work and messages: neither lost nor quarantined. */
  isAvailable(agent: string): boolean {
    return this.#agents.refusal(agent) === undefined;
  }

  /** An agent gives no sign of life: its nodes end as `errored`, and it gets no more until it is back. */
  loseAgent(agent: string, reason: string): void {
    this.#agents.lose(agent, reason);
  }

  /** A lost agent answers again. */
  recoverAgent(agent: string): void {
    this.#agents.recover(agent);
  }

  /** Starts nothing more until {@link resume}. What runs goes on; the budgets of layers and the run stand still. */
  pause(reason: string): void {
    this.#control.pause(reason);
  }

  /** Ends a pause. */
  resume(): void {
    if (this.#control.resume()) this.#dispatch();
  }

  /**
   * Runs the plan to its end. `signal` cancels it; its reason should be an `Outcome`. Never rejects for what a node does,
   * but with a `TypeError` when it is called again.
   */
  async execute(signal: AbortSignal): Promise<PlanResult> {
    if (this.#hasBegun) throw new TypeError("an engine executes its plan once: make another one");
    this.#hasBegun = true;
    const endBudget = this.#control.startBudget(() => this.#dispatch());
    const onAbort = (): void => {
      this.#control.cancel(signal.reason);
      this.#dispatch();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#finish = resolve;
        this.#crash = reject;
        this.#settleReady(this.#walk.initial());
        this.#dispatch();
      });
    } finally {
      endBudget();
      this.#gatekeeper.host.close();
      signal.removeEventListener("abort", onAbort);
    }
    const layers = this.#layers.map(({ layer, outcome }) => ({ name: layer.name, outcome: outcome as Outcome }));
    return { outcome: this.#control.outcomeOf(layers), nodes: this.#results.inOrderOf(this.#plan) };
  }

  /** Handles vertices that wait for nothing any more, and all that follows from them, without recursion. */
  #settleReady(ready: number[]): void {
    for (let head = 0; head < ready.length; head += 1) {
      const vertex = ready[head] as number;
      const what = this.#walk.vertex(vertex);
      switch (what.kind) {
        case "open":
          this.#reachGate(this.#layers[what.layer] as LayerExecution, vertex, ready);
          break;
        case "close":
          this.#walk.release(vertex, this.#closeLayer(this.#layers[what.layer] as LayerExecution), ready);
          break;
        case "node":
          this.#settleNode(what.node, ready);
          break;
        default:
          what satisfies never;
      }
    }
    if (this.#walk.isOver) this.#finish?.();
  }

  /** A node whose needs have all ended is skipped, kept, put in line, or asks its condition's function first. */
  #settleNode(index: number, ready: number[]): void {
    const node = this.#nodeAt(index);
    const skip = this.#skipReason(index) ?? this.#conditions.skipReason(node, this.#plan);
    if (skip) return this.#endUnstarted(index, withoutRun(skip), ready);
    const check = this.#conditions.check(node, this.#plan, this.#control.signal);
    if (!check) return this.#queue(index, ready);
    this.#after(check, (verdict, after) => {
      if (verdict) this.#endUnstarted(index, withoutRun(verdict), after);
      else this.#queue(index, after);
    });
  }

  /** Nothing speaks against the node any more: an earlier pass is kept, else it gets in line. */
  #queue(index: number, ready: number[]): void {
    const { id } = this.#nodeAt(index);
    const kept = this.#options.kept?.get(id);
    if (kept) this.#endUnstarted(index, keepPass(id, kept, this.#state), ready);
    else this.#scheduler.add(index);
  }

  /** Starts what may start now. A ready node that must not start any more ends here, which may free what comes after it. */
  #dispatch(): void {
    for (;;) {
      const ended: number[] = [];
      this.#isolated.admit(this.#plan);
      while (!this.#control.isPaused) {
        const next = this.#scheduler.take();
        if (!next) break;
        const { node, slot } = next;
        const stop = this.#stopReason(node);
        const refusal = this.#agents.refusal(this.#nodeAt(node).agent);
        if (this.#isolated.give(node, { slot, mayStart: !stop && !refusal })) continue;
        if (stop || refusal) {
          this.#scheduler.release(node, slot);
          this.#endUnstarted(node, withoutRun(stop ?? refusal), ended);
          if (!stop && refusal) this.#applyFailure(node, refusal);
        } else {
          this.#start(node, slot);
        }
      }
      if (ended.length === 0) break;
      this.#settleReady(ended);
    }
    if (this.#walk.isOver) return;
    this.#gatekeeper.host.settle();
    const isWaiting = this.#unstarted === 0;
    if (isWaiting !== this.#isWaiting) this.#options.onWaiting?.(isWaiting);
    this.#isWaiting = isWaiting;
  }

  #start(index: number, slot: number): void {
    const node = this.#nodeAt(index);
    const layer = this.#layerOf(node);
    const { stream, clock, agents, run, user } = this.#options;
    const startedMs = clock.monotonicMs();
    let held: number | undefined = slot;
    this.#unstarted -= 1;
    stream.emit({ type: "node_started", nodeId: node.id, layerId: node.layerId });
    const execution = executeNode({
      ...this.#everyNode,
      node,
      agent: agents.get(node.agent),
      facts: { run, user, slot, ...(layer.env ? { env: layer.env } : {}) },
      layer: layer.layer,
      signals: [this.#control.signal, layer.cancel.signal, this.#agents.signalOf(node.agent)],
      outerDeadlines: [layer.deadline, this.#control.deadline],
      plan: (spawned, before) => this.#expansion.nodesOf(spawned, { plan: this.#plan, by: node, before }),
      takeRetry: () => this.#agents.refusal(node.agent)?.reason ?? takeRetry([layer.retryBudget, this.#retryBudget]),
      isolatedTurn: async () => {
        const turn = this.#isolated.wait(index, { layerId: node.layerId, slot: held ?? slot });
        this.#dispatch();
        held = await turn;
        return held;
      },
      onLeftBehind: () => this.#agents.quarantine(node),
    });
    this.#after(execution, (result, ready) => {
      if (held !== undefined) this.#scheduler.release(index, held);
      const ended = this.#expand(node, result);
      this.#end(index, { ...ended, durationMs: clock.monotonicMs() - startedMs }, ready);
      this.#applyFailure(index, ended.outcome);
    });
  }

  /** Does what frees vertices once something has come, and all that follows from them. */
  #after<Value>(promise: Promise<Value>, what: (value: Value, ready: number[]) => void): void {
    const goOn = (value: Value): void => {
      const ready: number[] = [];
      what(value, ready);
      this.#settleReady(ready);
      this.#dispatch();
    };
    promise.then(goOn).catch((error: unknown) => this.#crash?.(error));
  }

  /** Takes what a node adds into the plan; where that has become impossible meanwhile, the node is errored. */
  #expand(node: PlanNode, { spawned, ...result }: NodeExecutionResult): NodeResult {
    if (spawned.length === 0) return result;
    try {
      const plan = this.#expansion.extend(this.#plan, node, spawned);
      this.#walk.extend(plan);
      this.#scheduler.extend(plan, this.#walk.priorities);
      this.#isolated.extended();
      this.#plan = plan;
      for (const layer of plan.layers) (this.#layerById.get(layer.id) as LayerExecution).layer = layer;
      this.#unstarted += spawned.length;
      this.#options.stream.emit({ type: "plan_extended", by: node.id, nodes: spawned });
      return result;
    } catch (error) {
      return { ...result, outcome: { status: "errored", reason: describeThrown(error) } };
    }
  }

  #endUnstarted(index: number, result: EndedNode, ready: number[]): void {
    this.#unstarted -= 1;
    this.#end(index, result, ready);
  }

  #end(index: number, result: EndedNode, ready: number[]): void {
    const node = this.#nodeAt(index);
    const blocks = this.#results.record(node, result);
    this.#isolated.ended(index, node.layerId);
    this.#walk.release(this.#walk.vertexOf(index), blocks, ready);
  }

  #applyFailure(index: number, outcome: Outcome): void {
    const node = this.#nodeAt(index);
    this.#control.applyFailurePolicy(node, this.#layerOf(node), outcome);
  }

  /** Opens a layer's gate, where there is something to wait for once that is over. */
  #reachGate(layer: LayerExecution, vertex: number, ready: number[]): void {
    const hasWork = this.#results.hasWork(this.#plan, layer.layer);
    const open = (refused: Skip | undefined, after: number[]): void => {
      const stop = refused ?? this.#control.stop;
      layer.open({ stop, hasWork, onExpired: () => this.#dispatch() });
      this.#walk.release(vertex, undefined, after);
    };
    const stop = this.#walk.blockedBy(vertex) ?? this.#control.stop;
    const admission = stop || !hasWork ? undefined : this.#gatekeeper.admit(layer, this.#plan);
    if (admission) this.#after(admission, open);
    else open(stop, ready);
  }

  #closeLayer(layer: LayerExecution): Skip | undefined {
    this.#gatekeeper.host.leave(layer.layer.id);
    return layer.close(this.#results.inOrderOf(this.#plan, layer.layer.id));
  }

  /** Why a node whose needs have all ended must not start. */
  #skipReason(index: number): Skip | undefined {
    const node = this.#nodeAt(index);
    const stop = node.skip ?? this.#stopReason(index);
    if (stop) return stop;
    const blocked = this.#walk.blockedBy(this.#walk.vertexOf(index));
    return blocked && { cause: blocked.cause, reason: `needs what did not pass: ${blocked.reason}` };
  }

  #stopReason(index: number): Skip | undefined {
    return this.#layerOf(this.#nodeAt(index)).stop ?? this.#control.stop;
  }

  #nodeAt(index: number): PlanNode {
    return this.#plan.nodes[index] as PlanNode;
  }

  #layerOf(node: PlanNode): LayerExecution {
    return this.#layerById.get(node.layerId) as LayerExecution;
  }
}

/**
 * Makes the engine for one run of one user. Throws `PlanError`, `DagError`, `UnknownAgentError` or `UnknownConditionError` for a plan
 * that cannot be run.
 */
export function createExecutionEngine(options: ExecutionEngineOptions): ExecutionEngine {
  return ExecutionEngine.create(options);
}
