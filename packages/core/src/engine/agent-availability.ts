import type { EventStream } from "../events/event-stream.ts";
import type { Outcome } from "../outcome.ts";
import type { PlanNode } from "../plan/plan.ts";

/** Which agents of a run may still be given work, and how to end what those that may not are doing. */
export class AgentAvailability {
  readonly #quarantined = new Map<string, string>();
  readonly #lost = new Map<string, string>();
  readonly #controllers = new Map<string, AbortController>();
  readonly #stream: Pick<EventStream, "emit">;

  constructor(stream: Pick<EventStream, "emit">) {
    this.#stream = stream;
  }

  /** Aborted when the agent is lost; the reason is an `Outcome`. */
  signalOf(agent: string): AbortSignal {
    let controller = this.#controllers.get(agent);
    if (!controller) {
      controller = new AbortController();
      this.#controllers.set(agent, controller);
    }
    return controller.signal;
  }

  /** It ignored its signal in a node: it stays out for the rest of the run. */
  quarantine({ agent, id }: Pick<PlanNode, "agent" | "id">): void {
    if (this.#quarantined.has(agent)) return;
    const reason = `it ignored its signal in ${id}`;
    this.#quarantined.set(agent, reason);
    this.#stream.emit({ type: "agent_quarantined", agent, nodeId: id, reason });
  }

  /** It gives no sign of life: what it does ends, and it gets no more until it is back. */
  lose(agent: string, reason: string): void {
    this.#lost.set(agent, reason);
    const controller = this.#controllers.get(agent);
    this.#controllers.delete(agent);
    controller?.abort(this.refusal(agent));
  }

  /** It answers again. */
  recover(agent: string): void {
    this.#lost.delete(agent);
  }

  /** The outcome of a node whose agent may not be given work. */
  refusal(agent: string): (Outcome & { status: "errored" }) | undefined {
    const quarantined = this.#quarantined.get(agent);
    const lost = this.#lost.get(agent);
    if (quarantined !== undefined)
      return { status: "errored", reason: `the agent ${agent} is quarantined: ${quarantined}`, failureClass: "crash" };
    if (lost !== undefined)
      return { status: "errored", reason: `the agent ${agent} is lost: ${lost}`, failureClass: "infrastructure" };
    return undefined;
  }
}
