import {
  delay,
  type HostParticipant,
  type Reporter,
  type RunEvent,
  type RunHandle,
  systemClock,
} from "@netra-apex/core";
import type { AttemptLog } from "./attempt-log.ts";
import type { AttemptProgress } from "./attempt-progress.ts";

const lookMs = 500;

/**
 * Makes room for runs that a person waits for: while there is one, the attempt starts nothing more, and its budgets stand
 * still. What runs goes on at its low priority; once nothing runs, what the attempt had of the machine is there for others,
 * until it goes on.
 */
export class ForegroundCourtesy implements Reporter {
  readonly name = "foreground-courtesy";
  readonly #share: HostParticipant;
  readonly #progress: AttemptProgress;
  readonly #log: AttemptLog;
  /** Nodes of which an attempt runs. */
  readonly #running = new Set<string>();
  #handle: RunHandle | undefined;
  #isYielding = false;
  #stopWatching: (() => void) | undefined;

  constructor(
    share: HostParticipant,
    { progress, log }: { readonly progress: AttemptProgress; readonly log: AttemptLog },
  ) {
    this.#share = share;
    this.#progress = progress;
    this.#log = log;
  }

  /** Resolves once nobody is there for whom the attempt has to wait with its start. Rejects with the signal's reason. */
  async untilAlone(signal: AbortSignal): Promise<void> {
    this.#share.suspend();
    for (let before = ""; ;) {
      signal.throwIfAborted();
      const reason = this.#reason() ?? this.#shortage();
      if (reason === undefined) return;
      if (reason !== before) this.#say(reason);
      before = reason;
      await delay(systemClock, lookMs, signal);
    }
  }

  /** Pauses and resumes the run from now on, until {@link close}. */
  follow(handle: RunHandle): void {
    this.#handle = handle;
    this.#stopWatching = this.#share.onChange(() => this.#look());
    this.#look();
  }

  close(): void {
    this.#stopWatching?.();
    this.#handle = undefined;
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case "agent_started":
        this.#running.add(event.nodeId);
        return;
      case "node_retrying":
        // It waits for the rest of its layer, and perhaps for us.
        if (event.when === "end-isolated") this.#ended(event.nodeId);
        return;
      case "node_completed":
        this.#ended(event.nodeId);
        return;
      case "run_state_changed":
        if (event.to === "aggregating-results") this.close();
        return;
      default:
    }
  }

  #look(): void {
    if (!this.#handle) return;
    const reason = this.#reason();
    if (reason !== undefined && !this.#isYielding) {
      this.#isYielding = true;
      this.#say(reason);
      this.#handle.pause(reason);
      this.#layDown();
    } else if (reason === undefined && this.#isYielding && this.#shortage() === undefined) {
      this.#isYielding = false;
      this.#log.say("goes on");
      this.#progress.note(undefined);
      this.#handle.resume();
    }
  }

  #reason(): string | undefined {
    const beside = this.#share.foregroundBeside();
    return beside.length === 0 ? undefined : `yields to ${beside.join(", ")}`;
  }

  /** What it had, it has again, or it has to wait for somebody. */
  #shortage(): string | undefined {
    const answer = this.#share.tryResume();
    if (answer.kind === "taken") return undefined;
    return `waits for ${answer.kind === "short" ? answer.reason : "its turn"}`;
  }

  #ended(nodeId: string): void {
    this.#running.delete(nodeId);
    // What follows from the end of a node is done first.
    setImmediate(() => this.#layDown());
  }

  #layDown(): void {
    if (this.#isYielding && this.#running.size === 0) this.#share.suspend();
  }

  #say(reason: string): void {
    this.#progress.note(reason);
    this.#log.say(reason);
  }
}
