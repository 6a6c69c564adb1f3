import { clearInterval, setInterval, setTimeout } from "node:timers";
import type { DockerEngine } from "./docker-engine.ts";

const pollEveryMs = 2_000;
const reconnectAfterMs = 1_000;

/**
 * What happens to containers of one engine: one stream of its events for all who watch, and every two seconds a look besides,
 * because Podman's events come late or never (containers/podman#13493, #19237). It lasts as long as somebody watches.
 */
export class EngineEvents {
  readonly #engine: DockerEngine;
  readonly #watched = new Map<string, Set<() => void>>();
  readonly #seen = new Map<string, string>();
  #stop: AbortController | undefined;
  #lastEventSeconds = 0;

  constructor(engine: DockerEngine) {
    this.#engine = engine;
  }

  watch(container: string, listener: () => void): () => void {
    // Each registration is one of its own, also of the same function.
    const told = (): void => listener();
    const listeners = this.#watched.get(container) ?? new Set();
    this.#watched.set(container, listeners.add(told));
    this.#start();
    return () => {
      listeners.delete(told);
      if (listeners.size === 0) {
        this.#watched.delete(container);
        this.#seen.delete(container);
      }
      if (this.#watched.size === 0) {
        this.#stop?.abort();
        this.#stop = undefined;
      }
    };
  }

  #start(): void {
    if (this.#stop) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#lastEventSeconds = Math.floor(Date.now() / 1_000);
    const polling = setInterval(() => void this.#poll(stop.signal), pollEveryMs);
    polling.unref();
    stop.signal.addEventListener("abort", () => clearInterval(polling), { once: true });
    void this.#follow(stop.signal);
    void this.#poll(stop.signal);
  }

  /** Until it is stopped: a stream that broke off is taken up where it was. */
  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let rest = "";
      const dial = {
        path: "/events?",
        method: "GET" as const,
        options: { since: this.#lastEventSeconds, filters: { type: ["container"] } },
      };
      const onChunk = (chunk: Buffer): void => {
        const lines = (rest + chunk.toString("utf8")).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#onEvent(line);
      };
      // No deadline: a stream without events is as it should be. Longest delay of a timer.
      await this.#engine.follow({ deadlineMs: 2 ** 31 - 1, signal }, dial, onChunk).catch(() => {});
      if (signal.aborted) return;
      // It has ended, and with it perhaps the engine.
      for (const container of this.#watched.keys()) this.#tell(container);
      await unreferencedWait(reconnectAfterMs);
    }
  }

  #onEvent(line: string): void {
    const event = parseEvent(line);
    if (!event) return;
    this.#lastEventSeconds = Math.max(this.#lastEventSeconds, event.time);
    if (event.container !== undefined && !event.action.startsWith("exec_")) this.#tell(event.container);
  }

  async #poll(signal: AbortSignal): Promise<void> {
    for (const container of [...this.#watched.keys()]) {
      const state = await this.#engine.inspect(container, { deadlineMs: pollEveryMs, signal }).then(
        (facts) => stateDigest(facts?.State),
        () => "unreachable",
      );
      if (signal.aborted) return;
      const before = this.#seen.get(container);
      this.#seen.set(container, state);
      if (before !== undefined && before !== state) this.#tell(container);
    }
  }

  #tell(container: string): void {
    for (const listener of this.#watched.get(container) ?? []) listener();
  }
}

function stateDigest(
  state: { Status: string; StartedAt: string; Health?: { Status: string } | undefined } | undefined,
): string {
  return state ? `${state.Status} ${state.StartedAt} ${state.Health?.Status ?? ""}` : "missing";
}

interface ContainerEvent {
  readonly container?: string;
  readonly action: string;
  readonly time: number;
}

function parseEvent(line: string): ContainerEvent | undefined {
  if (line.trim() === "") return undefined;
  try {
    const {
      Actor: actor,
      Action: action,
      time,
    } = JSON.parse(line) as {
      readonly Actor?: { readonly ID?: string };
      readonly Action?: string;
      readonly time?: number;
    };
    return { ...(actor?.ID === undefined ? {} : { container: actor.ID }), action: action ?? "", time: time ?? 0 };
  } catch {
    return undefined;
  }
}

function unreferencedWait(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs).unref();
  });
}
