import type { RunId } from "@netra-apex/core";
import { Connection, type ConnectionSetting } from "./connection.ts";
import type { LiveRun } from "./live-run.ts";
import { mayReach } from "./principal.ts";
import { closeCodes, type HubMessage, type SubscriberMessage } from "./protocol.ts";
import { readSubscriberMessage } from "./read-message.ts";
import type { UserRuns } from "./run-registry.ts";

type Subscription = Extract<SubscriberMessage, { readonly type: "subscribe" }>;

/** Where a reader is in a run that it follows. */
export interface Place {
  readonly reader: ReaderConnection;
  readonly run: LiveRun;
  /** Of the last event that was sent. */
  seq: number;
}

/**
 * A reader: by run, a place in its log, and nothing else. What it has not got yet is taken from there when its socket has
 * room, so a slow one costs no more than a fast one.
 */
export class ReaderConnection extends Connection {
  readonly #user: UserRuns;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #places = new Map<LiveRun, Place>();
  /** Where there is more for it; the run that had its turn goes to the end. */
  readonly #due = new Set<Place>();

  constructor(setting: ConnectionSetting, user: UserRuns) {
    super(setting, setting.limits.commandsPerSecond);
    this.#user = user;
    user.readers.add(this);
  }

  /** Whether it has got everything, as far as this hub knows. */
  get isUpToDate(): boolean {
    return this.#due.size === 0 && !this.isBusy;
  }

  /** A run is there that was not before. */
  meet(run: LiveRun): void {
    if (this.#places.has(run)) return;
    const subscription = [...this.#subscriptions.values()].find((each) => isMeant(each, run));
    if (subscription && this.#maySee(run)) this.#follow(run, subscription);
  }

  /** A run is there no more, or is not for this reader. */
  leave(run: LiveRun): void {
    const place = this.#places.get(run);
    if (!place) return;
    run.followers.delete(place);
    this.#places.delete(run);
    this.#due.delete(place);
  }

  /** A run that it follows has more. */
  wake(place: Place): void {
    // Nearly always it has everything else, and its socket has room.
    if (this.#due.size === 0 && this.hasRoom && this.#give(place)) return;
    this.#due.add(place);
    this.onRoom();
  }

  protected onRoom(): void {
    while (this.#due.size > 0 && this.hasRoom) {
      const [place] = this.#due;
      if (!place) return;
      this.#due.delete(place);
      if (!this.#give(place)) this.#due.add(place);
    }
  }

  /** Sends the next message of a run; true: there is no more of it for this reader. */
  #give(place: Place): boolean {
    const { run } = place;
    if (!this.#maySee(run)) {
      this.leave(run);
      return true;
    }
    const frame = run.frameAfter(place.seq);
    if (!frame) return true;
    place.seq = frame.throughSeq;
    this.sendPayload(frame.payload);
    return frame.throughSeq >= run.log.lastSeq;
  }

  protected onText(text: string): void {
    const message = readSubscriberMessage(text);
    if (!message) {
      this.close(closeCodes.badMessage, "this is no message of a reader");
    } else if (message.type === "subscribe") {
      this.#subscribe(message);
    } else {
      this.#unsubscribe(message.id);
    }
  }

  protected onEnd(): void {
    for (const [run, place] of this.#places) run.followers.delete(place);
    this.#places.clear();
    this.#due.clear();
    this.#user.readers.delete(this);
  }

  protected slowReason(): string {
    const [place] = this.#due.size > 0 ? this.#due : this.#places.values();
    return `slow consumer, resume from seq ${place?.seq ?? 0}`;
  }

  #subscribe(subscription: Subscription): void {
    const { id, thread } = subscription;
    if (thread !== undefined && !mayReach(this.principal, thread)) {
      this.refuse("forbidden", "this thread is not yours to read", id);
      return;
    }
    if (!this.#subscriptions.has(id) && this.#subscriptions.size >= this.limits.subscriptionsPerClient) {
      this.refuse("limit", `at most ${this.limits.subscriptionsPerClient} subscriptions at one time`, id);
      return;
    }
    this.#subscriptions.set(id, subscription);
    this.#leaveWhatIsNotMeant();
    const runs = [...this.#user.runs.values()].filter((run) => isMeant(subscription, run) && this.#maySee(run));
    const told = runs.map(({ address, log }) => ({
      run: address.runId,
      thread: address.threadId,
      lastSeq: log.lastSeq,
    }));
    this.send({ type: "subscribed", id, runs: told } satisfies HubMessage);
    for (const run of runs) if (!this.#places.has(run)) this.#follow(run, subscription);
    this.onRoom();
  }

  #unsubscribe(id: string): void {
    this.#subscriptions.delete(id);
    this.#leaveWhatIsNotMeant();
  }

  #leaveWhatIsNotMeant(): void {
    const subscriptions = [...this.#subscriptions.values()];
    for (const run of this.#places.keys()) if (!subscriptions.some((each) => isMeant(each, run))) this.leave(run);
  }

  #follow(run: LiveRun, { after }: Subscription): void {
    const place = { reader: this, run, seq: seqAfter(after, run.address.runId) };
    this.#places.set(run, place);
    run.followers.add(place);
    this.#due.add(place);
  }

  /** Asked again before each message: nothing is sent because it was fine once. */
  #maySee({ address }: LiveRun): boolean {
    return this.isValid && address.userId === this.principal.userId && mayReach(this.principal, address.threadId);
  }
}

function isMeant({ thread, run }: Subscription, { address }: LiveRun): boolean {
  return (thread === undefined || thread === address.threadId) && (run === undefined || run === address.runId);
}

function seqAfter(after: Subscription["after"], runId: RunId): number {
  return after && Object.hasOwn(after, runId) ? (after[runId] ?? 0) : 0;
}
