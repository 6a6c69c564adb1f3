import { decodeEvent, encodeEvent, type RunEvent, type RunId } from "@netra-apex/core";
import type { HubLimits } from "./hub-limits.ts";
import type { ErrorMessage, Snapshot } from "./protocol.ts";
import type { Place } from "./reader-connection.ts";
import { RunLog } from "./run-log.ts";

/** A message of a run, made once for all readers that are at the same place. */
export interface RunFrame {
  readonly payload: Buffer;
  readonly throughSeq: number;
}

/** Whose run it is. */
export interface RunAddress {
  readonly userId: string;
  readonly threadId: string;
  readonly runId: RunId;
}

/** Why events are not taken. */
export class PublishRefusal extends Error {
  readonly kind: ErrorMessage["code"];

  constructor(kind: ErrorMessage["code"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** One run at the hub: its log, who follows it, and the messages that were made of it last. */
export class LiveRun {
  readonly address: RunAddress;
  readonly log: RunLog;
  readonly followers = new Set<Place>();
  /** On the hub's clock, never going backwards. */
  changedAtMs: number;
  readonly #limits: HubLimits;
  readonly #head: string;
  /** By the seq that they follow. Only a few, for readers are either all at the end or each somewhere. */
  readonly #frames = new Map<number, RunFrame & { readonly isFull: boolean }>();
  #snapshot: RunFrame | undefined;

  constructor(address: RunAddress, limits: HubLimits, { nowMs, lastSeq }: { nowMs: number; lastSeq: number }) {
    this.address = address;
    this.#limits = limits;
    this.log = new RunLog(lastSeq);
    this.changedAtMs = nowMs;
    this.#head = `"run":${JSON.stringify(address.runId)},"thread":${JSON.stringify(address.threadId)}`;
  }

  /** Takes an event of this process. */
  append(event: RunEvent): void {
    this.#checkEnvelope(event);
    if (event.seq <= this.log.lastSeq) return;
    this.#checkOrder(event.seq);
    this.log.append(encodeEvent(event), event);
    this.log.trimTo(this.#limits.retainedRunBytes);
  }

  /** Takes events as they came over a socket: all of them or none. Those that it has already are passed over. */
  appendWritten(written: readonly unknown[]): void {
    let next = this.log.lastSeq + 1;
    const taken: { line: string; event: RunEvent | undefined }[] = [];
    for (const value of written) {
      const read = this.#read(value);
      const { seq } = value as RunEvent;
      if (seq < next) continue;
      if (seq > next) throw new PublishRefusal("gap", `event ${seq} came where ${next} is due`);
      taken.push(read);
      next += 1;
    }
    for (const { line, event } of taken) this.log.append(line, event);
    this.log.trimTo(this.#limits.retainedRunBytes);
  }

  /** Takes a snapshot in place of everything so far; one that is behind is passed over. */
  restore(snapshot: Snapshot): void {
    let before = 0;
    const events: RunEvent[] = [];
    for (const value of snapshot.events as readonly unknown[]) {
      const { event } = this.#read(value);
      const { seq } = value as RunEvent;
      if (seq <= before || seq > snapshot.throughSeq) throw new PublishRefusal("gap", `event ${seq} is out of order`);
      before = seq;
      if (event) events.push(event);
    }
    if (snapshot.throughSeq <= this.log.lastSeq) return;
    this.log.restore({ ...snapshot, events });
    this.#frames.clear();
    this.#snapshot = undefined;
  }

  /** What comes after that event: the next events, or a snapshot where they are gone; undefined at the end. */
  frameAfter(seq: number): RunFrame | undefined {
    const { log } = this;
    if (seq >= log.lastSeq) return undefined;
    if (!log.has(seq)) return this.#snapshotFrame();
    const known = this.#frames.get(seq);
    if (known && (known.isFull || known.throughSeq === log.lastSeq)) return known;
    const { frameEvents, frameBytes } = this.#limits;
    const { lines, throughSeq } = log.take(seq, { events: frameEvents, bytes: frameBytes });
    const payload = Buffer.from(`{"type":"events",${this.#head},"events":[${lines.join(",")}]}`);
    const frame = { payload, throughSeq, isFull: throughSeq < log.lastSeq };
    this.#frames.set(seq, frame);
    for (const oldest of this.#frames.keys()) {
      if (this.#frames.size <= mostFrames) break;
      this.#frames.delete(oldest);
    }
    return frame;
  }

  /** Lets go of messages that were made; they can be made anew. */
  forgetFrames(): void {
    this.#frames.clear();
    this.#snapshot = undefined;
  }

  #snapshotFrame(): RunFrame {
    const { lastSeq } = this.log;
    if (this.#snapshot?.throughSeq === lastSeq) return this.#snapshot;
    const { digest } = this.log;
    const omitted = digest.omittedTests();
    const omittedField = omitted.length === 0 ? "" : `,"omittedTests":${JSON.stringify(omitted)}`;
    const events = digest.lines().join(",");
    const text = `{"type":"snapshot",${this.#head},"throughSeq":${lastSeq},"events":[${events}]${omittedField}}`;
    this.#snapshot = { payload: Buffer.from(text), throughSeq: lastSeq };
    return this.#snapshot;
  }

  #read(value: unknown): { line: string; event: RunEvent | undefined } {
    let line: string;
    let event: RunEvent | undefined;
    try {
      line = JSON.stringify(value);
      event = decodeEvent(line);
    } catch (error) {
      throw new PublishRefusal(
        "bad_message",
        `not an event: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    this.#checkEnvelope(value as RunEvent);
    return { line, event };
  }

  #checkEnvelope({ runId, userId, threadId }: RunEvent): void {
    const { address } = this;
    const isOwn =
      runId === address.runId &&
      (userId === undefined || userId === address.userId) &&
      (threadId === undefined || threadId === address.threadId);
    if (!isOwn) throw new PublishRefusal("forbidden", "an event is of another run, thread or user");
  }

  #checkOrder(seq: number): void {
    const due = this.log.lastSeq + 1;
    if (seq !== due) throw new PublishRefusal("gap", `event ${seq} came where ${due} is due`);
  }
}

const mostFrames = 8;
