import { statfs } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import type { EventStream } from "../events/event-stream.ts";

interface ResourceSamplerOptions {
  readonly clock: Clock;
  /** Gets `resource_sampled`. */
  readonly stream: EventStream;
  readonly intervalMs: number;
  /** Directory on the disk whose free space is told. */
  readonly projectRoot: string;
  readonly load: () => { readonly queueDepth: number; readonly running: number };
}

/** Tells at intervals what this process takes, what is free on the disk, and how long the queue is. */
export class ResourceSampler {
  readonly #options: ResourceSamplerOptions;
  #cpu = process.cpuUsage();
  #atMs: number;
  #diskFreeBytes: number | undefined;
  #cancelNext: (() => void) | undefined;

  constructor(options: ResourceSamplerOptions) {
    this.#options = options;
    this.#atMs = options.clock.monotonicMs();
  }

  /** Begins; the first sample is taken after one interval. */
  start(): void {
    const { clock, intervalMs } = this.#options;
    // Not at once: most runs are over before the first sample, and starting them must cost nothing.
    this.#cancelNext = clock.schedule(intervalMs / 2, () => {
      this.#askDisk();
      this.#waitForNext(intervalMs / 2);
    });
  }

  /** Ends it; idempotent. */
  stop(): void {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
  }

  #waitForNext(delayMs: number): void {
    const { clock, intervalMs } = this.#options;
    this.#cancelNext = clock.schedule(delayMs, () => {
      this.#sample();
      this.#waitForNext(intervalMs);
    });
  }

  #sample(): void {
    const { clock, stream, load } = this.#options;
    const nowMs = clock.monotonicMs();
    const used = process.cpuUsage(this.#cpu);
    const cpuMs = (used.user + used.system) / 1000;
    const diskFreeBytes = this.#diskFreeBytes;
    stream.emit({
      type: "resource_sampled",
      cpuPercent: Math.round((cpuMs / Math.max(1, nowMs - this.#atMs)) * 1000) / 10,
      memoryBytes: process.memoryUsage.rss(),
      ...(diskFreeBytes === undefined ? {} : { diskFreeBytes }),
      ...load(),
    });
    this.#cpu = process.cpuUsage();
    this.#atMs = nowMs;
    this.#askDisk();
  }

  /** A disk behind a network can take its time, so each sample tells what the disk said since the one before. */
  #askDisk(): void {
    statfs(this.#options.projectRoot).then(
      ({ bavail, bsize }) => {
        this.#diskFreeBytes = bavail * bsize;
      },
      () => undefined,
    );
  }
}
