import { type Clock, encodeEvent, type RunEvent, type RunId } from "@netra-apex/core";
import type { RunDigest } from "../run-digest.ts";
import type { EventRing } from "./event-ring.ts";
import type { HubLink } from "./hub-link.ts";
import type { PublisherLimits } from "./publisher-options.ts";

/** What is sent, and where from. */
export interface RunSenderOptions {
  readonly link: Pick<HubLink, "heldBytes" | "send">;
  readonly run: RunId;
  readonly ring: EventRing;
  /** Of all that is in the ring no more. */
  readonly digest: RunDigest;
  readonly replay: ((run: RunId, afterSeq: number) => AsyncIterable<RunEvent>) | undefined;
  readonly limits: PublisherLimits;
  readonly clock: Clock;
  readonly onSnapshot: () => void;
}

/** A socket that is full is looked at again after it. */
const fullSocketMs = 20;

/** Sends one run over one connection, from where the hub is: from the ring, from the journal, or as a digest. */
export class RunSender {
  readonly #options: RunSenderOptions;
  #sentSeq: number;
  #isCatchingUp = false;
  #isOver = false;
  #cancelTimer: (() => void) | undefined;

  /** `afterSeq`: the last event that the hub has. */
  constructor(options: RunSenderOptions, afterSeq: number) {
    this.#options = options;
    this.#sentSeq = afterSeq;
  }

  /** Sends what there is, as far as the socket takes it. */
  pump(): void {
    const { ring, link, limits } = this.#options;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    while (!this.#isOver && !this.#isCatchingUp && this.#sentSeq < ring.lastSeq) {
      if (link.heldBytes > limits.socketBytes) {
        this.#pumpIn(fullSocketMs);
        return;
      }
      if (this.#sentSeq + 1 < ring.firstSeq) {
        void this.#catchUp();
        return;
      }
      const { lines, throughSeq } = ring.take(this.#sentSeq, limits.frameBytes);
      this.#publish(lines, throughSeq);
    }
  }

  /** Sends what gathers until then. */
  pumpSoon(): void {
    if (this.#cancelTimer === undefined) this.#pumpIn(this.#options.limits.gatherMs);
  }

  /** Sends nothing more. */
  stop(): void {
    this.#isOver = true;
    this.#cancelTimer?.();
  }

  #pumpIn(delayMs: number): void {
    this.#cancelTimer = this.#options.clock.schedule(delayMs, () => this.pump());
  }

  #publish(lines: readonly string[], throughSeq: number): void {
    const { link, run } = this.#options;
    link.send(`{"type":"publish","run":${JSON.stringify(run)},"events":[${lines.join(",")}]}`);
    this.#sentSeq = throughSeq;
  }

  async #catchUp(): Promise<void> {
    this.#isCatchingUp = true;
    try {
      await this.#replay();
    } catch {
      // A journal that cannot be read is told of elsewhere; what it would have said comes as a digest.
    }
    this.#isCatchingUp = false;
    if (this.#isOver) return;
    if (this.#sentSeq + 1 < this.#options.ring.firstSeq) this.#sendDigest();
    this.pump();
  }

  async #replay(): Promise<void> {
    const { replay, run, ring, limits } = this.#options;
    if (!replay) return;
    let lines: string[] = [];
    let bytes = 0;
    let seq = this.#sentSeq;
    for await (const event of replay(run, seq)) {
      if (this.#isOver) return;
      if (event.seq <= seq) continue;
      // A hole in what was kept, or what is here anyway.
      if (event.seq !== seq + 1 || event.seq >= ring.firstSeq) break;
      const line = encodeEvent(event);
      lines.push(line);
      bytes += Buffer.byteLength(line);
      seq = event.seq;
      if (bytes < limits.frameBytes) continue;
      this.#publish(lines, seq);
      lines = [];
      bytes = 0;
      await this.#untilRoom();
    }
    if (lines.length > 0 && !this.#isOver) this.#publish(lines, seq);
  }

  async #untilRoom(): Promise<void> {
    const { link, limits, clock } = this.#options;
    while (!this.#isOver && link.heldBytes > limits.socketBytes) {
      await new Promise<void>((resolve) => {
        clock.schedule(fullSocketMs, resolve);
      });
    }
  }

  #sendDigest(): void {
    const { link, run, ring, digest, onSnapshot } = this.#options;
    const throughSeq = ring.firstSeq - 1;
    const omitted = digest.omittedTests();
    const omittedTests = omitted.length === 0 ? "" : `,"omittedTests":${JSON.stringify(omitted)}`;
    link.send(
      `{"type":"publish_snapshot","run":${JSON.stringify(run)},"throughSeq":${throughSeq},` +
        `"events":[${digest.lines().join(",")}]${omittedTests}}`,
    );
    this.#sentSeq = throughSeq;
    onSnapshot();
  }
}
