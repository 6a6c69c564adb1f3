import type { Agent, AgentReport } from "../agents/agent.ts";
import type { AgentContext } from "../agents/agent-context.ts";
import type { Outcome } from "../outcome.ts";
import { settle } from "./manual-clock.ts";

interface RunningNode {
  readonly context: AgentContext;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** An agent whose nodes end when the test says so, and how it says. */
export class ControllableAgent implements Agent {
  readonly name: string;
  /** Its nodes take as long as the test wants. */
  readonly limits = { timeoutMs: Number.POSITIVE_INFINITY };
  /** Nodes that run now, by id. */
  readonly running = new Map<string, RunningNode>();
  /** Ids in the order in which they were started, once for each attempt. */
  readonly started: string[] = [];
  /** Ignores its signal when true. */
  isDeaf = false;

  constructor(name = "controllable") {
    this.name = name;
  }

  /** Waits for the test, or for the signal. */
  execute(_input: unknown, context: AgentContext): Promise<unknown> {
    const { id } = context.node;
    this.started.push(id);
    return new Promise((resolve, reject) => {
      const once =
        <Value>(end: (value: Value) => void) =>
        (value: Value): void => {
          this.running.delete(id);
          end(value);
        };
      this.running.set(id, { context, resolve: once(resolve), reject: once(reject) });
      if (this.isDeaf) return;
      context.signal.addEventListener("abort", () => once(reject)(context.signal.reason), { once: true });
    });
  }

  /** Ends a running node; passed unless an outcome is given. Throws for a node that does not run. */
  async end(id: string, outcome?: Outcome, report: Partial<AgentReport> = {}): Promise<void> {
    this.#node(id).resolve(
      outcome || Object.keys(report).length > 0 ? { outcome: outcome ?? { status: "passed" }, ...report } : undefined,
    );
    await settle();
  }

  /** Makes a running node throw. Throws for a node that does not run. */
  async crash(id: string, error: unknown): Promise<void> {
    this.#node(id).reject(error);
    await settle();
  }

  /** The context of a running node. Throws for a node that does not run. */
  context(id: string): AgentContext {
    return this.#node(id).context;
  }

  #node(id: string): RunningNode {
    const node = this.running.get(id);
    if (!node) throw new Error(`${id} does not run; running: ${[...this.running.keys()].join(", ") || "nothing"}`);
    return node;
  }
}
