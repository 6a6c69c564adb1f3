import type { AgentRegistry } from "../agents/agent-registry.ts";
import { describeThrown } from "../apex-error.ts";
import type { StateStore } from "../agents/state-store.ts";
import { type Clock, delay } from "../clock.ts";
import type { Outcome } from "../outcome.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import {
  checkRefusal,
  type ConditionCheck,
  outcomeRefusal,
  staticRefusal,
  UnknownConditionError,
} from "./condition.ts";
import type { Skip } from "./layer-execution.ts";
import type { NodeResults } from "./node-results.ts";

/** How long a condition's function may take. */
const checkTimeoutMs = 30_000;

/** Judges the conditions of one run. */
export class ConditionJudge {
  readonly #checks: ReadonlyMap<string, ConditionCheck>;
  readonly #results: NodeResults;
  readonly #state: StateStore;
  readonly #clock: Clock;

  constructor(
    {
      conditions = {},
      clock,
    }: { readonly conditions?: Readonly<Record<string, ConditionCheck>>; readonly clock: Clock },
    results: NodeResults,
    state: StateStore,
  ) {
    this.#checks = new Map(Object.entries(conditions));
    this.#results = results;
    this.#state = state;
    this.#clock = clock;
  }

  /** Names of the functions that conditions may ask. */
  get names(): ReadonlySet<string> {
    return new Set(this.#checks.keys());
  }

  /** Throws `UnknownAgentError` or `UnknownConditionError` for a node whose agent, or the function it asks, is not there. */
  assertRunnable({ nodes }: Plan, agents: AgentRegistry): void {
    for (const { id, when, agent, skip } of nodes) {
      if (skip) continue;
      agents.get(agent);
      if (when?.check === undefined || this.#checks.has(when.check)) continue;
      throw new UnknownConditionError(id, when.check, [...this.#checks.keys()]);
    }
  }

  /** Why a node whose needs have ended is not run, as far as that needs no function. */
  skipReason({ when }: PlanNode, plan: Plan): Skip | undefined {
    if (!when) return undefined;
    const reason = staticRefusal(when, plan) ?? outcomeRefusal(when, (id) => this.#results.statusOf(id));
    return reason === undefined ? undefined : { cause: "condition", reason };
  }

  /**
   * Asks the node's function, where it has one: resolves with how the node ends when it is not to run. Never rejects. The
   * answer is not waited for any more once the run is cancelled.
   */
  check(node: PlanNode, plan: Plan, signal: AbortSignal): Promise<Skip | Outcome | undefined> | undefined {
    const name = node.when?.check;
    const check = name === undefined ? undefined : this.#checks.get(name);
    return name === undefined || !check ? undefined : this.#ask(name, check, { node, plan, signal });
  }

  async #ask(
    name: string,
    check: ConditionCheck,
    { node, plan, signal }: { readonly node: PlanNode; readonly plan: Plan; readonly signal: AbortSignal },
  ): Promise<Skip | Outcome | undefined> {
    const { environment, changedFiles } = plan;
    const hurry = new AbortController();
    const stop = (): void => hurry.abort();
    signal.addEventListener("abort", stop, { once: true });
    const late = delay(this.#clock, checkTimeoutMs, hurry.signal).then(
      () => Promise.reject(new Error("it did not answer within 30s")),
      () => undefined,
    );
    try {
      const facts = {
        node,
        environment,
        changedFiles,
        outcomeOf: (id: string) => this.#results.statusOf(id),
        state: (key: string) => this.#state.read(key),
      };
      const reason = await Promise.race([checkRefusal(name, check, facts), late]);
      return reason === undefined ? undefined : { cause: "condition", reason };
    } catch (error) {
      return { status: "errored", reason: `the condition ${name} failed: ${describeThrown(error)}` };
    } finally {
      signal.removeEventListener("abort", stop);
      hurry.abort();
    }
  }
}
