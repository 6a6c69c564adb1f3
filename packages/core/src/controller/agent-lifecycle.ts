import type { Agent, AgentHost } from "../agents/agent.ts";
import type { AgentRegistry } from "../agents/agent-registry.ts";
import { ApexError, describeThrown } from "../apex-error.ts";
import { type Clock, delay } from "../clock.ts";
import { formatDuration } from "../config/units.ts";
import { Dag } from "../dag/dag.ts";
import { DagError } from "../dag/dag-error.ts";
import type { Outcome } from "../outcome.ts";

/** Agents require each other in a circle. */
export class AgentCycleError extends ApexError {
  readonly code = "APEX_AGENT_CYCLE";
  /** Ends where it starts. */
  readonly path: readonly string[];

  constructor(path: readonly string[], cause: unknown) {
    super(`the agents require each other in a circle: ${path.join(" → ")}`, { cause });
    this.path = path;
  }
}

const defaultStartMs = 30_000;
/** For agents that bound their own work (`timeoutMs: Infinity`). */
const longestStartMs = 600_000;

/** Starts the agents of one run, each after those that it requires, and stops them in reverse order. */
export class AgentLifecycle {
  readonly #inOrder: readonly Agent[];
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #started: Agent[] = [];

  /** `graceMs` is what each agent may take to stop. Throws `UnknownAgentError` or `AgentCycleError`. */
  constructor(registry: AgentRegistry, clock: Clock, graceMs: number) {
    this.#inOrder = startOrder(registry);
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  /** Starts them one after another; returns the outcome of the run if one of them cannot start. */
  async start(hostOf: (agent: Agent) => AgentHost, signal: AbortSignal): Promise<Outcome | undefined> {
    for (const agent of this.#inOrder) {
      if (signal.aborted) return undefined;
      try {
        await this.#startOne(agent, hostOf(agent), signal);
      } catch (error) {
        // It may have got half-way, or come to it later: it is stopped like the others.
        if (signal.aborted) return undefined;
        return { status: "errored", reason: `the agent ${agent.name} could not start: ${describeThrown(error)}` };
      }
    }
    return undefined;
  }

  /** An agent that does not come to an end with its start holds nobody up past its time, or past the run's end. */
  async #startOne(agent: Agent, host: AgentHost, signal: AbortSignal): Promise<void> {
    if (!agent.start) {
      this.#started.push(agent);
      return;
    }
    const timeoutMs = agent.limits?.timeoutMs ?? defaultStartMs;
    const hurry = new AbortController();
    const cancelled = (): void => hurry.abort(signal.reason);
    signal.addEventListener("abort", cancelled, { once: true });
    const late = delay(this.#clock, Math.min(timeoutMs, longestStartMs), hurry.signal).then(() => {
      throw new Error(`it did not start within ${formatDuration(Math.min(timeoutMs, longestStartMs))}`);
    });
    this.#started.push(agent);
    try {
      await Promise.race([agent.start(host), late]);
    } finally {
      signal.removeEventListener("abort", cancelled);
      hurry.abort();
      await late.catch(() => undefined);
    }
  }

  /** Stops what was started, the last one first; one that throws or hangs does not keep the others from stopping. Idempotent. */
  async stop(): Promise<void> {
    for (const agent of this.#started.splice(0).reverse()) {
      if (!agent.stop) continue;
      let cancel: (() => void) | undefined;
      const grace = new Promise<void>((resolve) => {
        // One that has much to clear away says so.
        cancel = this.#clock.schedule(Math.max(this.#graceMs, agent.limits?.graceMs ?? 0), resolve);
      });
      const stopping = (async () => agent.stop?.())().catch(() => undefined);
      await Promise.race([stopping, grace]);
      cancel?.();
    }
  }
}

function startOrder(registry: AgentRegistry): Agent[] {
  const agents = registry.all();
  // Asked for by name, so that a name that does not exist comes with a suggestion.
  for (const { requires = [] } of agents) for (const name of requires) registry.get(name);
  try {
    const dag = Dag.build(agents.map(({ name, requires = [] }) => ({ id: name, needs: requires })));
    return Array.from(dag.order, (index) => registry.get(dag.idAt(index)));
  } catch (error) {
    if (error instanceof DagError && error.problems.cycle)
      throw new AgentCycleError(error.problems.cycle.toReversed(), error);
    throw error;
  }
}
