import { type Config, delay, type ServiceOutage, type SurroundingsEvent, systemClock } from "@netra-apex/core";
import type { ServiceManager } from "../manager/service-manager.ts";
import { addressOfCheck } from "../instances/exports-of.ts";
import { holdLine } from "../wait/hold-line.ts";
import { type ServiceWatch, watchService } from "../wait/watch-service.ts";

interface KnownOutage {
  readonly service: string;
  readonly lastUpMs: number;
  upAgainMs: number | undefined;
  readonly reason: string;
}

interface Watched {
  readonly watch: ServiceWatch;
  readonly layers: Set<string>;
}

/** How often a service is looked at while tests use it. */
const intervalMs = 1_000;
/** Servers of these kinds have room for connections in which nothing is said, and break those that they have when they end. */
const silentKinds = ["postgres", "redis"] as const;
/** What one look may take; a busy service that is slow is not down. */
const timeoutMs = 5_000;
/** Two looks that end by their own deadlines. */
const longestLookMs = 12_000;

/** Watches the services of the layers that run, and knows when each was down. */
export class ServiceWatches {
  readonly #manager: ServiceManager;
  readonly #services: Config["services"];
  readonly #report: (event: SurroundingsEvent) => void;
  readonly #watched = new Map<string, Watched>();
  readonly #outages: KnownOutage[] = [];

  constructor(
    manager: ServiceManager,
    { services }: Pick<Config, "services">,
    report: (event: SurroundingsEvent) => void,
  ) {
    this.#manager = manager;
    this.#services = services;
    this.#report = report;
  }

  /** Services that are down. */
  get down(): readonly string[] {
    return [...this.#watched].flatMap(([name, { watch }]) => (watch.outage ? [name] : []));
  }

  /** From now on a layer uses these. */
  begin(layerId: string, names: readonly string[]): void {
    for (const name of this.#manager.withNeeds(names)) {
      const known = this.#watched.get(name);
      if (known) known.layers.add(layerId);
      else this.#watch(name, layerId);
    }
  }

  /** A layer is over: what no other one uses is not watched any more. */
  end(layerId: string): void {
    for (const [name, { watch, layers }] of this.#watched) {
      if (!layers.delete(layerId) || layers.size > 0) continue;
      watch.stop();
      this.#watched.delete(name);
    }
  }

  /** The outages of services within a time, after a look at how they are now. */
  async during(names: readonly string[], fromMs: number, toMs: number): Promise<readonly ServiceOutage[]> {
    const asked = this.#manager.withNeeds(names);
    const looks = Promise.all(asked.flatMap((name) => this.#watched.get(name)?.watch.lookNow() ?? []));
    const over = new AbortController();
    // What is known already is told, even where a look takes too long.
    await Promise.race([looks, delay(systemClock, longestLookMs, over.signal).catch(() => undefined)]);
    over.abort();
    return this.#outages
      .filter(({ service, lastUpMs, upAgainMs = Number.POSITIVE_INFINITY }) => {
        return asked.includes(service) && lastUpMs <= toMs && upAgainMs >= fromMs;
      })
      .map(toldOutage);
  }

  /** Ends every watch. */
  stop(): void {
    for (const { watch } of this.#watched.values()) watch.stop();
    this.#watched.clear();
  }

  #watch(name: string, layerId: string): void {
    const instance = this.#manager.instanceOf(name);
    const service = this.#services.get(name);
    // What does its work once is not there any more when tests run.
    if (!instance || !service || service.isOneShot) return;
    let current: KnownOutage | undefined;
    const isOurs = instance.owner !== "foreign";
    const line = addressOfCheck(service.health?.check, instance.place, this.#manager.places, silentKinds);
    const watch = watchService({
      probe: this.#manager.probeOf(name) ?? (async () => ({ isReady: true })),
      intervalMs,
      timeoutMs,
      instance: {
        ...(isOurs ? { status: (limits) => instance.status(limits) } : {}),
        onChange: (listener) => {
          const ends = [isOurs && instance.onChange?.(listener), line && holdLine(line, listener)];
          return () => {
            for (const end of ends) if (end) end();
          };
        },
      },
      onOutage: ({ lastUpMs, reason }) => {
        current = { service: name, lastUpMs, upAgainMs: undefined, reason };
        this.#outages.push(current);
        this.#report({ type: "service_outage_started", service: name, lastUpAt: timeOf(lastUpMs), reason });
      },
      onOutageEnd: ({ lastUpMs, upAgainMs, reason }) => {
        if (current) current.upAgainMs = upAgainMs;
        this.#report({
          type: "service_outage_ended",
          service: name,
          lastUpAt: timeOf(lastUpMs),
          durationMs: upAgainMs - lastUpMs,
          reason,
        });
      },
    });
    this.#watched.set(name, { watch, layers: new Set([layerId]) });
  }
}

function toldOutage({ service, lastUpMs, upAgainMs, reason }: KnownOutage): ServiceOutage {
  return {
    service,
    lastUpAt: timeOf(lastUpMs),
    ...(upAgainMs === undefined ? {} : { upAgainAt: timeOf(upAgainMs) }),
    reason,
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
