import { describeThrown } from "../apex-error.ts";
import type { AgentRegistry } from "../agents/agent-registry.ts";
import type { AgentContext } from "../agents/agent-context.ts";
import type { Clock } from "../clock.ts";
import type { EventStream } from "../events/event-stream.ts";
import { describeOutcome, isOutcome, type Outcome } from "../outcome.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import { noTests } from "../test-result.ts";
import { combineOutcomes } from "./combine-outcomes.ts";
import { type Deadline, deadlineIn, timedOut } from "./deadline.ts";
import { breachedOr, LayerExecution, type Skip } from "./layer-execution.ts";
import { executeNode, type NodeResult } from "./node-execution.ts";
import { PlanGraph } from "./plan-graph.ts";
import { Scheduler } from "./scheduler.ts";

export interface ExecutionEngineOptions {
  readonly plan: Plan;
  readonly agents: AgentRegistry;
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly run: AgentContext["run"];
  readonly user: AgentContext["user"];
  /** How long an agent may take to end after its signal before it is left behind, in milliseconds; 30 s by default. */
  readonly abandonAfterMs?: number;
}

/** How a whole plan ended. */
export interface PlanResult {
  readonly outcome: Outcome;
  readonly nodes: readonly { readonly node: PlanNode; readonly result: NodeResult }[];
}

const defaultAbandonAfterMs = 30_000;

/**
 * Walks one plan for one user: starts what is ready within the limits, holds deadlines, applies failure policies, opens
 * a layer's gate once the layers before it have passed. Made by {@link createExecutionEngine} for one run and never shared.
 */
export class ExecutionEngine {
  static readonly #key = Symbol("factory");
  readonly #options: ExecutionEngineOptions;
  readonly #plan: Plan;
  readonly #graph: PlanGraph;
  readonly #scheduler: Scheduler;
  readonly #waitingFor: Int32Array;
  /** By vertex: why it cannot start although everything before it has ended. */
  readonly #blockedBy: (string | undefined)[];
  readonly #results: (NodeResult | undefined)[];
  readonly #layers: readonly LayerExecution[];
  readonly #layerById: ReadonlyMap<string, LayerExecution>;
  readonly #cancel = new AbortController();
  #runDeadline: Deadline | undefined;
  #stop: Skip | undefined;
  /** Why the whole run was cancelled from outside. */
  #cancelledBy: Outcome | undefined;
  #open: number;
  #finish: (() => void) | undefined;

  /** Not for direct use: see {@link createExecutionEngine}. */
  private constructor(options: ExecutionEngineOptions, key: symbol) {
    if (key !== ExecutionEngine.#key) throw new TypeError("use createExecutionEngine()");
    const { plan } = options;
    this.#options = options;
    this.#plan = plan;
    this.#graph = new PlanGraph(plan);
    this.#scheduler = new Scheduler(plan.nodes, plan.layers, plan.maxParallel, this.#graph.priorities);
    this.#waitingFor = this.#graph.dag.needCounts();
    this.#blockedBy = Array.from({ length: this.#graph.dag.size });
    this.#results = Array.from({ length: plan.nodes.length });
    this.#layers = plan.layers.map((layer) => new LayerExecution(layer, options));
    this.#layerById = new Map(this.#layers.map((state) => [state.layer.id, state]));
    this.#open = this.#graph.dag.size;
    for (const node of plan.nodes) if (!node.skip) options.agents.get(node.agent);
  }

  /** @internal */
  static create(options: ExecutionEngineOptions): ExecutionEngine {
    return new ExecutionEngine(options, ExecutionEngine.#key);
  }

  /**
   * Runs the plan to its end. `signal` cancels it; its reason should be an `Outcome`. Never rejects for what a node does.
   */
  async execute(signal: AbortSignal): Promise<PlanResult> {
    const { clock } = this.#options;
    this.#runDeadline = deadlineIn("run", clock.monotonicMs(), this.#plan.budgetMs);
    const runDeadline = this.#runDeadline;
    const cancelTimer =
      runDeadline &&
      clock.schedule(runDeadline.limitMs, () => {
        this.#stop ??= { cause: "deadline", reason: timedOut(runDeadline, "the whole run").reason };
        this.#dispatch();
      });
    const onAbort = (): void => this.#cancelRun(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    try {
      await new Promise<void>((resolve) => {
        this.#finish = resolve;
        this.#settleReady(this.#initialVertices());
        this.#dispatch();
      });
    } finally {
      cancelTimer?.();
      signal.removeEventListener("abort", onAbort);
    }
    return this.#conclude();
  }

  #initialVertices(): number[] {
    return [...this.#graph.dag.order].filter((vertex) => this.#waitingFor[vertex] === 0);
  }

  /** Handles vertices that wait for nothing any more, and all that follows from them, without recursion. */
  #settleReady(ready: number[]): void {
    for (let head = 0; head < ready.length; head += 1) {
      const vertex = ready[head] as number;
      const what = this.#graph.vertex(vertex);
      switch (what.kind) {
        case "open":
          this.#openGate(this.#layers[what.layer] as LayerExecution, this.#blockedBy[vertex]);
          this.#release(vertex, undefined, ready);
          break;
        case "close":
          this.#release(vertex, this.#closeLayer(this.#layers[what.layer] as LayerExecution), ready);
          break;
        case "node": {
          const skip = this.#skipReason(what.node, vertex);
          if (skip) this.#release(vertex, this.#endNode(what.node, skipped(skip)), ready);
          else this.#scheduler.add(what.node);
          break;
        }
        default:
          what satisfies never;
      }
    }
    if (this.#open === 0) this.#finish?.();
  }

  /** Marks a vertex as done; what waited for it alone becomes ready. `blocks` says why dependents may not start. */
  #release(vertex: number, blocks: string | undefined, ready: number[]): void {
    this.#open -= 1;
    for (const dependent of this.#graph.dag.dependentsOf(vertex)) {
      if (blocks !== undefined) this.#blockedBy[dependent] ??= blocks;
      const left = (this.#waitingFor[dependent] as number) - 1;
      this.#waitingFor[dependent] = left;
      if (left === 0) ready.push(dependent);
    }
  }

  /** Starts what may start now. A ready node that must not start any more ends here, which may free what comes after it. */
  #dispatch(): void {
    for (;;) {
      const ended: number[] = [];
      for (let next = this.#scheduler.take(); next; next = this.#scheduler.take()) {
        const { node, slot } = next;
        const stop = this.#stopReason(node);
        if (stop) {
          this.#scheduler.release(node, slot);
          this.#release(node, this.#endNode(node, skipped(stop)), ended);
        } else {
          this.#start(node, slot);
        }
      }
      if (ended.length === 0) return;
      this.#settleReady(ended);
    }
  }

  #start(index: number, slot: number): void {
    const node = this.#nodeAt(index);
    const layer = this.#layerOf(node);
    const { stream, clock, agents, run, user, abandonAfterMs = defaultAbandonAfterMs } = this.#options;
    const startedMs = clock.monotonicMs();
    stream.emit({ type: "node_started", nodeId: node.id, layerId: node.layerId });
    const execution = executeNode({
      node,
      agent: agents.get(node.agent),
      stream,
      clock,
      facts: { run, user, slot },
      signal: this.#cancel.signal,
      outerDeadlines: [layer.deadline, this.#runDeadline],
      abandonAfterMs,
    });
    void execution.then((result) => {
      this.#scheduler.release(index, slot);
      const blocks = this.#endNode(index, result, clock.monotonicMs() - startedMs);
      this.#applyFailurePolicy(node, layer, result.outcome);
      const ready: number[] = [];
      this.#release(index, blocks, ready);
      this.#settleReady(ready);
      this.#dispatch();
    });
  }

  /** Records a node's end; returns why its dependents may not start, if so. */
  #endNode(index: number, result: NodeResult, durationMs = 0): string | undefined {
    const node = this.#nodeAt(index);
    const { outcome, attempts, counts, flaky, evidence } = result;
    this.#results[index] = result;
    this.#options.stream.emit({
      type: "node_completed",
      nodeId: node.id,
      layerId: node.layerId,
      outcome,
      durationMs,
      attempts,
      counts,
      flaky,
      ...(evidence === undefined ? {} : { evidence }),
    });
    if (outcome.status === "passed" || (outcome.status === "skipped" && outcome.cause === "not-configured"))
      return undefined;
    return `${node.id} ${outcome.status === "skipped" ? "was skipped" : outcome.status}`;
  }

  #applyFailurePolicy(node: PlanNode, layer: LayerExecution, outcome: Outcome): void {
    if (outcome.status === "passed" || outcome.status === "skipped" || outcome.status === "cancelled") return;
    const reason = `${node.id} ${outcome.status}`;
    if (layer.layer.failFast)
      this.#layerOf(node).stop ??= {
        cause: "fail-fast",
        reason: `${reason}, and the layer stops at its first failure`,
      };
    if (this.#plan.failurePolicy === "continue") return;
    this.#stop ??= { cause: "fail-fast", reason: `${reason}, and the run stops at its first failure` };
    if (this.#plan.failurePolicy === "cancel-running") {
      this.#cancel.abort({
        status: "cancelled",
        by: "fast-fail",
        reason: `cancelled because ${reason}`,
      } satisfies Outcome);
    }
  }

  #cancelRun(reason: unknown): void {
    const outcome: Outcome = isOutcome(reason)
      ? reason
      : { status: "cancelled", by: "person", reason: `cancelled: ${describeThrown(reason)}` };
    this.#cancelledBy ??= outcome;
    this.#stop ??= { cause: "cancelled", reason: describeOutcome(outcome) };
    this.#cancel.abort(outcome);
    this.#dispatch();
  }

  #openGate(layer: LayerExecution, blockedBy: string | undefined): void {
    layer.open({
      stop: blockedBy === undefined ? this.#stop : { cause: "dependency", reason: blockedBy },
      hasWork: this.#nodesOf(layer).some(({ node }) => !this.#nodeAt(node).skip),
      onExpired: () => this.#dispatch(),
    });
  }

  #closeLayer(layer: LayerExecution): string | undefined {
    return layer.close(
      this.#nodesOf(layer).map(({ name, node }) => ({ name, result: this.#results[node] as NodeResult })),
    );
  }

  #nodesOf({ layer }: LayerExecution): { readonly name: string; readonly node: number }[] {
    return layer.nodes.map((id) => ({ name: id, node: this.#graph.dag.indexOf(id) }));
  }

  /** Why a node whose needs have all ended must not start. */
  #skipReason(index: number, vertex: number): Skip | undefined {
    const node = this.#nodeAt(index);
    if (node.skip) return node.skip;
    const stop = this.#stopReason(index);
    if (stop) return stop;
    const blockedBy = this.#blockedBy[vertex];
    return blockedBy === undefined
      ? undefined
      : { cause: "dependency", reason: `needs what did not pass: ${blockedBy}` };
  }

  #stopReason(index: number): Skip | undefined {
    return this.#layerOf(this.#nodeAt(index)).stop ?? this.#stop;
  }

  #conclude(): PlanResult {
    return {
      outcome: this.#runOutcome(),
      nodes: this.#plan.nodes.map((node, index) => ({ node, result: this.#results[index] as NodeResult })),
    };
  }

  #runOutcome(): Outcome {
    if (this.#cancelledBy) return this.#cancelledBy;
    const layers = this.#layers.map(({ layer, outcome }) => ({ name: layer.name, outcome: outcome as Outcome }));
    const breached = this.#stop?.cause === "deadline" ? this.#runDeadline : undefined;
    return breachedOr(combineOutcomes(layers), breached, "the whole run");
  }

  #nodeAt(index: number): PlanNode {
    return this.#plan.nodes[index] as PlanNode;
  }

  #layerOf(node: PlanNode): LayerExecution {
    return this.#layerById.get(node.layerId) as LayerExecution;
  }
}

/** Makes the engine for one run of one user. Throws `DagError` or `UnknownAgentError` for a plan that cannot be run. */
export function createExecutionEngine(options: ExecutionEngineOptions): ExecutionEngine {
  return ExecutionEngine.create(options);
}

function skipped(skip: Skip): NodeResult {
  return { outcome: { status: "skipped", ...skip }, attempts: 0, counts: noTests, flaky: false };
}
