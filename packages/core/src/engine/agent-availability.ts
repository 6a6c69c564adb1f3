import type { Outcome } from "../outcome.ts";

/** Which agents of a run may still be given work, and how to end what those that may not are doing. */
export class AgentAvailability {
  readonly #quarantined = new Map<string, string>();
  readonly #lost = new Map<string, string>();
  readonly #controllers = new Map<string, AbortController>();

  /** Aborted when the agent is lost; the reason is an `Outcome`. */
  signalOf(agent: string): AbortSignal {
    let controller = this.#controllers.get(agent);
    if (!controller) {
      controller = new AbortController();
      this.#controllers.set(agent, controller);
    }
    return controller.signal;
  }

  /** It ignored its signal: it stays out for the rest of the run. Returns whether that is new. */
  quarantine(agent: string, reason: string): boolean {
    const isNew = !this.#quarantined.has(agent);
    if (isNew) this.#quarantined.set(agent, reason);
    return isNew;
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
