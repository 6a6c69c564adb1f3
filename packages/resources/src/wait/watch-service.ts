import { type Clock, systemClock } from "@netra-apex/core";
import type { InstanceStatus, ServiceInstance } from "../instance.ts";
import { judgeStatus } from "../probes/ask-instance.ts";
import { notReady, type NotReady, type Probe, type ProbeResult, type ServiceProblem } from "../probes/probe.ts";
import { askStatus } from "./ask-status.ts";

/** A time in which a service was not there, as far as it is known. */
export interface ObservedOutage {
  /** When it was last seen up: milliseconds since the epoch. */
  readonly lastUpMs: number;
  readonly reason: string;
}

/** An outage that is over. */
export interface EndedOutage extends ObservedOutage {
  /** When it was first seen up again: milliseconds since the epoch. */
  readonly upAgainMs: number;
}

/** What is watched, and who hears of it. */
export interface WatchOptions {
  readonly probe: Probe;
  /** Of what runs it, where that is known: tells a restart between two looks, and asks for a look when something happens. */
  readonly instance?: Partial<Pick<ServiceInstance, "status" | "onChange">>;
  /** Between two looks, in milliseconds. */
  readonly intervalMs: number;
  /** What one look may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly onOutage: (outage: ObservedOutage) => void;
  readonly onOutageEnd: (outage: EndedOutage) => void;
  /** Bad looks in a row that make an outage; 2 when absent. A connection that is refused, or an end that is known, needs one. */
  readonly threshold?: number;
  /** When it was last seen up: milliseconds since the epoch; now when absent. */
  readonly lastUpMs?: number;
  /** The machine's own when absent, whose timers then do not keep this process alive. */
  readonly clock?: Clock;
}

/** A watch over a service. */
export interface ServiceWatch {
  /** The outage that it is in. */
  readonly outage: ObservedOutage | undefined;
  /** When it was last seen up: milliseconds since the epoch. */
  readonly lastUpMs: number;
  /**
   * Looks at once, and again until it is known whether it is up; a look that is under way is no answer, because it may have
   * begun too early. Resolves to the outage that it is in, or in which a restart was just found.
   */
  lookNow(): Promise<ObservedOutage | undefined>;
  /** Ends the watch, and the look that is under way; an outage stays as it is. */
  stop(): void;
}

/** A bad look is looked at again so soon, where one is not enough. */
const secondLookMs = 250;

/** Looks at a service again and again, and tells of the times in which it was not there. */
export function watchService(options: WatchOptions): ServiceWatch {
  return new Watch(options);
}

/** One look is enough to know. */
const certain: ReadonlySet<ServiceProblem> = new Set(["not-started", "ended", "paused"]);

/** Whatever answers at the address of a service that has ended is not the service; and what is paused answers nobody. */
function goneBy(status: InstanceStatus): NotReady | undefined {
  const { state } = status;
  if (state !== "exited" && state !== "missing" && state !== "paused") return undefined;
  const judged = judgeStatus(status);
  if (judged.isReady) return undefined;
  return notReady(state === "paused" ? "paused" : "ended", judged.detail);
}

interface Sight {
  readonly result: ProbeResult;
  readonly status?: InstanceStatus;
}

class Watch implements ServiceWatch {
  readonly #options: WatchOptions;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  readonly #unsubscribe: (() => void) | undefined;
  #cancelNext = (): void => undefined;
  #look: Promise<ObservedOutage | undefined> | undefined;
  #badInARow = 0;
  #identity: string | undefined;
  #outage: ObservedOutage | undefined;
  #lastUpMs: number;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#clock = options.clock ?? { ...systemClock, schedule: scheduleQuietly };
    this.#lastUpMs = options.lastUpMs ?? this.#clock.now();
    this.#unsubscribe = options.instance?.onChange?.(() => void this.lookNow());
    // What its identity is now is learned at once: a restart is a change of it.
    this.#scheduleNext(0);
  }

  get outage(): ObservedOutage | undefined {
    return this.#outage;
  }

  get lastUpMs(): number {
    return this.#lastUpMs;
  }

  async lookNow(): Promise<ObservedOutage | undefined> {
    await this.#look;
    for (;;) {
      if (this.#stopped.signal.aborted) return this.#outage;
      const found = await this.#lookOnce();
      if (found || this.#badInARow === 0) return found;
    }
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#stopped.abort();
    this.#cancelNext();
  }

  /** One look at a time: whoever asks meanwhile gets that one. */
  async #lookOnce(): Promise<ObservedOutage | undefined> {
    this.#cancelNext();
    this.#look ??= this.#takeLook().finally(() => {
      this.#look = undefined;
      const isDoubtful = this.#badInARow > 0 && !this.#outage;
      this.#scheduleNext(isDoubtful ? Math.min(secondLookMs, this.#options.intervalMs) : this.#options.intervalMs);
    });
    return this.#look;
  }

  #scheduleNext(delayMs: number): void {
    this.#cancelNext();
    if (this.#stopped.signal.aborted) return;
    this.#cancelNext = this.#clock.schedule(delayMs, () => void this.#lookOnce());
  }

  async #takeLook(): Promise<ObservedOutage | undefined> {
    const startedMs = this.#clock.now();
    const sight = await this.#see();
    if (this.#stopped.signal.aborted) return this.#outage;
    const restarted = this.#hasRestarted(sight.status);
    const bad = sight.result.isReady ? undefined : sight.result;
    if (!bad) return this.#seenUp(startedMs, restarted);
    this.#badInARow += 1;
    const isCertain = restarted || certain.has(bad.problem);
    if (this.#outage || (!isCertain && this.#badInARow < (this.#options.threshold ?? 2))) return this.#outage;
    return this.#begin(bad.detail);
  }

  /** What runs it often knows at once what a look would only find out by waiting in vain. */
  async #see(): Promise<Sight> {
    const { probe, instance, timeoutMs: deadlineMs } = this.#options;
    const over = new AbortController();
    const stop = (): void => over.abort();
    this.#stopped.signal.addEventListener("abort", stop, { once: true });
    const limits = { deadlineMs, signal: over.signal };
    try {
      const looking = probe(limits);
      const status = await (instance?.status && askStatus(instance.status.bind(instance), limits));
      const gone = status && goneBy(status);
      if (gone) return { result: gone, status };
      return { result: await looking, ...(status ? { status } : {}) };
    } finally {
      stop();
      this.#stopped.signal.removeEventListener("abort", stop);
    }
  }

  #hasRestarted(status: InstanceStatus | undefined): boolean {
    const before = this.#identity;
    if (status?.identity === undefined) return false;
    this.#identity = status.identity;
    return before !== undefined && before !== status.identity;
  }

  /** Up since the look began, at least; a restart that nobody has seen is an outage that is over. */
  #seenUp(startedMs: number, hasRestarted: boolean): ObservedOutage | undefined {
    this.#badInARow = 0;
    const unseen = hasRestarted && !this.#outage ? this.#begin("it was restarted between two looks") : undefined;
    const outage = this.#outage;
    this.#outage = undefined;
    this.#lastUpMs = Math.max(this.#lastUpMs, startedMs);
    if (outage) this.#options.onOutageEnd({ ...outage, upAgainMs: this.#clock.now() });
    return unseen;
  }

  #begin(reason: string): ObservedOutage {
    this.#outage = { lastUpMs: this.#lastUpMs, reason };
    this.#options.onOutage(this.#outage);
    return this.#outage;
  }
}

function scheduleQuietly(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs).unref();
  return () => clearTimeout(timer);
}
