import type { Clock } from "../clock.ts";
import { formatDuration } from "../config/units.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { Outcome, SkipCause } from "../outcome.ts";
import type { PlanLayer, PlanNode } from "../plan/plan.ts";
import { addCounts } from "../test-result.ts";
import { combineOutcomes, hadNothingToRun } from "./combine-outcomes.ts";
import { type Deadline, deadlineIn, timedOut } from "./deadline.ts";
import type { LayerRefusal } from "./layer-admission.ts";
import type { NodeResult } from "./node-execution.ts";
import { RetryBudget } from "./retry-delay.ts";

/** Why something is not started. */
export interface Skip {
  readonly cause: SkipCause;
  readonly reason: string;
}

/** One layer of one run: its gate, its budget, and what came of it. */
export class LayerExecution {
  /** Grows with the plan. */
  layer: PlanLayer;
  /** Ends what runs of this layer; the reason is an `Outcome`. */
  readonly cancel = new AbortController();
  readonly retryBudget: RetryBudget | undefined;
  /** Why nothing more of this layer starts. */
  stop: Skip | undefined;
  /** Runs once the layer has started, where it has a budget. */
  deadline: Deadline | undefined;
  /** Variables for its tests, of those who admitted it. */
  env: Readonly<Record<string, string>> | undefined;
  /** Set when all nodes of the layer have ended. */
  outcome: Outcome | undefined;
  readonly #stream: EventStream;
  readonly #clock: Clock;
  #startedMs = 0;
  #refusal: LayerRefusal | undefined;
  #isExpired = false;
  #cancelTimer: (() => void) | undefined;

  /** `clock` is the one that the layer's budget runs on. */
  constructor(layer: PlanLayer, { stream, clock }: { readonly stream: EventStream; readonly clock: Clock }) {
    this.layer = layer;
    this.retryBudget =
      layer.retryBudget === undefined ? undefined : new RetryBudget(`layer ${layer.id}`, layer.retryBudget);
    this.#stream = stream;
    this.#clock = clock;
  }

  /**
   * Opens the gate. A layer that must not start (`stop`) or has nothing that could run is only passed through.
   * `onExpired` is called when the budget is spent.
   */
  open({ stop, hasWork, onExpired }: { stop: Skip | undefined; hasWork: boolean; onExpired: () => void }): void {
    this.stop = stop;
    this.#startedMs = this.#clock.monotonicMs();
    if (stop || !hasWork) return;
    this.#stream.emit({ type: "layer_started", layerId: this.layer.id });
    const deadline = deadlineIn("layer", this.#clock, this.layer.budgetMs);
    this.deadline = deadline;
    if (!deadline) return;
    this.#cancelTimer = this.#clock.schedule(deadline.limitMs, () => {
      this.#isExpired = true;
      const reason = `not started: the layer's deadline of ${formatDuration(deadline.limitMs)} was reached`;
      this.stop ??= { cause: "deadline", reason };
      onExpired();
    });
  }

  /** Those who were asked do not let it start. */
  refuse(refusal: LayerRefusal): Skip {
    this.#refusal = refusal;
    return { cause: "service", reason: refusal.reason };
  }

  /** Records the end of all nodes; returns why the layers after this one may not start, if so. */
  close(results: readonly { readonly node: PlanNode; readonly result: NodeResult }[]): Skip | undefined {
    this.#cancelTimer?.();
    const { id: layerId, name } = this.layer;
    const outcome = this.#outcomeOf(results.map(({ node, result }) => ({ name: node.id, outcome: result.outcome })));
    this.outcome = outcome;
    const durationMs = this.#clock.monotonicMs() - this.#startedMs;
    // Parts of a node count themselves.
    const counts = addCounts(results.flatMap(({ node, result }) => (node.parts ? [] : result.counts)));
    this.#stream.emit({ type: "layer_completed", layerId, outcome, durationMs, counts });
    if (outcome.status === "passed" || hadNothingToRun(outcome)) return undefined;
    // What was to be left out without its services takes along what depends on it, and nothing is missing.
    if (outcome.status === "skipped" && outcome.cause === "service") {
      return { cause: "service", reason: `${name} was skipped: ${outcome.reason}` };
    }
    return { cause: "dependency", reason: `${name} ${outcome.status === "skipped" ? "was skipped" : outcome.status}` };
  }

  #outcomeOf(parts: readonly { readonly name: string; readonly outcome: Outcome }[]): Outcome {
    if (this.#refusal) return this.#refusal;
    if (this.stop?.cause === "dependency" || this.stop?.cause === "service") return { status: "skipped", ...this.stop };
    const owner = `layer ${this.layer.id}`;
    return breachedOr(combineOutcomes(parts), this.#isExpired ? this.deadline : undefined, owner);
  }
}

/** A spent budget decides where nothing heavier does: what it kept from starting would only read as left out. */
export function breachedOr(outcome: Outcome, breached: Deadline | undefined, owner: string): Outcome {
  const isLighter = outcome.status === "skipped" || outcome.status === "inconclusive";
  return breached && isLighter ? timedOut(breached, owner) : outcome;
}
