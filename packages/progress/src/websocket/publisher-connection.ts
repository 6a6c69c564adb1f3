import type { RunId } from "@netra-apex/core";
import { Connection, type ConnectionSetting } from "./connection.ts";
import { type LiveRun, PublishRefusal, type RunAddress } from "./live-run.ts";
import { mayReach } from "./principal.ts";
import { closeCodes, type PublisherHubMessage, type PublisherMessage } from "./protocol.ts";
import { readPublisherMessage } from "./read-message.ts";

/** What a publisher does at its hub. */
export interface PublishTarget {
  /** Throws `PublishRefusal`. */
  open(address: RunAddress): LiveRun;
  /** Lets a run change, and tells those who follow it. */
  change(run: LiveRun, change: () => void): void;
}

/** A program that publishes: the runs that it has opened, which alone it can add to. */
export class PublisherConnection extends Connection {
  readonly #target: PublishTarget;
  readonly #runs = new Map<RunId, RunAddress>();

  constructor(setting: ConnectionSetting, target: PublishTarget) {
    super(setting, setting.limits.publishesPerSecond);
    this.#target = target;
  }

  protected onText(text: string): void {
    const message = readPublisherMessage(text);
    if (!message) {
      this.close(closeCodes.badMessage, "this is no message of a publisher");
      return;
    }
    try {
      this.send(this.#do(message));
    } catch (error) {
      if (!(error instanceof PublishRefusal)) throw error;
      this.refuse(error.kind, error.message, message.run);
    }
  }

  protected onRoom(): void {}

  protected onEnd(): void {
    this.#runs.clear();
  }

  protected slowReason(): string {
    return "slow consumer, open the run again";
  }

  #do(message: PublisherMessage): PublisherHubMessage {
    switch (message.type) {
      case "open_run": {
        const { run: runId, thread: threadId } = message;
        if (!mayReach(this.principal, threadId)) throw new PublishRefusal("forbidden", "this thread is not yours");
        if (!this.#runs.has(runId) && this.#runs.size >= this.limits.runsPerUser) {
          throw new PublishRefusal("limit", `at most ${this.limits.runsPerUser} runs at one time`);
        }
        const address = { userId: this.principal.userId, threadId, runId };
        const run = this.#target.open(address);
        this.#runs.set(runId, address);
        return { type: "run_opened", run: runId, lastSeq: run.log.lastSeq };
      }
      case "publish":
        return this.#change(message.run, (run) => run.appendWritten(message.events));
      case "publish_snapshot":
        return this.#change(message.run, (run) => run.restore(message));
      default:
        return message satisfies never;
    }
  }

  #change(runId: RunId, change: (run: LiveRun) => void): PublisherHubMessage {
    const address = this.#runs.get(runId);
    if (!address) throw new PublishRefusal("forbidden", "open the run first");
    // By its address, not kept: it may have been forgotten meanwhile, and then what comes is a gap.
    const run = this.#target.open(address);
    this.#target.change(run, () => change(run));
    return { type: "published", run: runId, lastSeq: run.log.lastSeq };
  }
}
