import { describeThrown } from "../apex-error.ts";
import type { Clock } from "../clock.ts";
import type { EventStream } from "../events/event-stream.ts";
import { describeOutcome, isOutcome, type Outcome } from "../outcome.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import type { FailurePolicy } from "../layers/node-rules.ts";
import { combineOutcomes, type NamedOutcome } from "./combine-outcomes.ts";
import { type Deadline, deadlineIn, timedOut } from "./deadline.ts";
import type { LayerRefusal } from "./layer-admission.ts";
import { breachedOr, type LayerExecution, type Skip } from "./layer-execution.ts";
import { StoppableClock } from "./stoppable-clock.ts";

/** What ends or holds up a whole run: its budget, a cancellation, the failure of a node, a pause. */
export class RunControl {
  /** Budgets of the run and its layers run on this one, which stands still while the run is paused. */
  readonly budgetClock: StoppableClock;
  readonly #plan: Pick<Plan, "failurePolicy" | "budgetMs">;
  readonly #stream: EventStream;
  readonly #cancel = new AbortController();
  #deadline: Deadline | undefined;
  #stop: Skip | undefined;
  /** Why the whole run was cancelled from outside. */
  #cancelledBy: Outcome | undefined;
  #isPaused = false;

  constructor({ plan, clock, stream }: { readonly plan: Plan; readonly clock: Clock; readonly stream: EventStream }) {
    this.#plan = plan;
    this.#stream = stream;
    this.budgetClock = new StoppableClock(clock);
  }

  /** Why nothing more starts. */
  get stop(): Skip | undefined {
    return this.#stop;
  }

  /** Aborted when what runs must end; the reason is an `Outcome`. */
  get signal(): AbortSignal {
    return this.#cancel.signal;
  }

  /** Running since {@link startBudget}. */
  get deadline(): Deadline | undefined {
    return this.#deadline;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Lets the run's budget run; the returned function ends that. */
  startBudget(onExpired: () => void): () => void {
    const deadline = deadlineIn("run", this.budgetClock, this.#plan.budgetMs);
    this.#deadline = deadline;
    if (!deadline) return () => undefined;
    return this.budgetClock.schedule(deadline.limitMs, () => {
      this.#stop ??= { cause: "deadline", reason: timedOut(deadline, "the whole run").reason };
      onExpired();
    });
  }

  /** Returns whether the run was not paused before. */
  pause(reason: string): boolean {
    if (this.#isPaused) return false;
    this.#isPaused = true;
    this.budgetClock.stop();
    this.#stream.emit({ type: "run_paused", reason });
    return true;
  }

  /** Returns whether the run was paused. */
  resume(): boolean {
    if (!this.#isPaused) return false;
    this.#isPaused = false;
    this.#stream.emit({ type: "run_resumed", pausedMs: this.budgetClock.start() });
    return true;
  }

  /** Ends the run for a reason from outside. A run that is paused would never come to its end, so it goes on for that. */
  cancel(reason: unknown): void {
    const outcome: Outcome = isOutcome(reason)
      ? reason
      : { status: "cancelled", by: "person", reason: `cancelled: ${describeThrown(reason)}` };
    this.#cancelledBy ??= outcome;
    this.#stop ??= { cause: "cancelled", reason: describeOutcome(outcome) };
    this.#cancel.abort(outcome);
    this.resume();
  }

  /** Does what node, layer and run want done about a node's end. A node's own policy overrides both of the others. */
  applyFailurePolicy(node: PlanNode, layer: LayerExecution, outcome: Outcome): void {
    if (outcome.status === "passed" || outcome.status === "skipped" || outcome.status === "cancelled") return;
    const reason = `${node.id} ${outcome.status}`;
    const cancelled = { status: "cancelled", by: "fast-fail", reason: `cancelled because ${reason}` } as const;
    const ofLayer: FailurePolicy = node.failurePolicy === undefined ? layer.layer.failurePolicy : "continue";
    if (ofLayer !== "continue") {
      layer.stop ??= { cause: "fail-fast", reason: `${reason}, and the layer stops at its first failure` };
      if (ofLayer === "cancel-running") layer.cancel.abort(cancelled);
    }
    const ofRun = node.failurePolicy ?? this.#plan.failurePolicy;
    if (ofRun !== "continue") {
      this.#stop ??= { cause: "fail-fast", reason: `${reason}, and the run stops at its first failure` };
      if (ofRun === "cancel-running") this.#cancel.abort(cancelled);
    }
  }

  /** A layer that could not start counts as a failure where the run stops at its first one. */
  applyRefusal({ layer }: LayerExecution, { status }: LayerRefusal): void {
    if (status === "skipped" || this.#plan.failurePolicy === "continue") return;
    const reason = `${layer.id} could not start`;
    this.#stop ??= { cause: "fail-fast", reason: `${reason}, and the run stops at its first failure` };
    if (this.#plan.failurePolicy !== "cancel-running") return;
    this.#cancel.abort({ status: "cancelled", by: "fast-fail", reason: `cancelled because ${reason}` });
  }

  /** The outcome of the run from those of its layers. */
  outcomeOf(layers: readonly NamedOutcome[]): Outcome {
    if (this.#cancelledBy) return this.#cancelledBy;
    const breached = this.#stop?.cause === "deadline" ? this.#deadline : undefined;
    return breachedOr(combineOutcomes(layers), breached, "the whole run");
  }
}
