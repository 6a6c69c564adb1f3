import {
  type Config,
  type MissingResource,
  type Service,
  type ServiceHealth,
  type ServiceOwner,
  type ServiceState,
  delay,
  systemClock,
} from "@netra-apex/core";
import type { ProvisionContext, ServiceInstance } from "../instance.ts";
import { exportsOf } from "../instances/exports-of.ts";
import {
  addressOfPlace,
  probeOfInstance,
  type ProbeSurroundings,
  runningProbe,
  stateOfProblem,
  usualHealth,
} from "./readiness.ts";
import { defaultProviders, type ServiceProviders } from "./service-providers.ts";
import { waitUntilReady } from "../wait/wait-until-ready.ts";
import type { ServiceChange } from "./bring-up.ts";

/** How a service is now. */
export interface ServiceReport {
  readonly service: string;
  readonly state: ServiceState;
  /** Whether tests could use it as it is. */
  readonly isUsable: boolean;
  readonly owner?: ServiceOwner;
  /** `host:port`. */
  readonly address?: string;
  /** Why it cannot be used. */
  readonly reason?: string;
  readonly version?: string;
}

/** What is asked about services without starting any. */
export interface LookOptions {
  readonly providers?: ServiceProviders;
  readonly signal?: AbortSignal;
}

interface Found {
  readonly service: Service;
  readonly instance?: ServiceInstance;
  /** Why it cannot be told whether it is there. */
  readonly error?: string;
}

const lookMs = 5_000;

/** Looks once at services, all at the same time, each within five seconds. Starts nothing. */
export async function lookAtServices(
  config: Pick<Config, "services" | "projectRoot">,
  names: readonly string[],
  options: LookOptions = {},
): Promise<readonly ServiceReport[]> {
  const finder = new Finder(config, options);
  return Promise.all(
    names.map(async (name) => {
      const surroundings = { ...(await finder.surroundings(name)), projectRoot: config.projectRoot };
      return reportOf(await finder.find(name), surroundings, options);
    }),
  );
}

/** Waits until services are ready that somebody else starts; each within its own deadline where none is given. */
export async function waitForServices(
  config: Pick<Config, "services" | "projectRoot">,
  names: readonly string[],
  options: LookOptions & {
    readonly signal: AbortSignal;
    /** For all of them, in milliseconds. */
    readonly deadlineMs?: number;
    readonly onReady?: (change: ServiceChange) => void;
  },
): Promise<{ readonly ready: readonly ServiceChange[]; readonly missing: readonly MissingResource[] }> {
  const ready: ServiceChange[] = [];
  const missing: MissingResource[] = [];
  const waits = names.map(async (name) => {
    const result = await waitForOne(name, config, options);
    if ("kind" in result) missing.push(result);
    else {
      ready.push(result);
      options.onReady?.(result);
    }
  });
  await Promise.all(waits);
  return { ready, missing };
}

/** Finds services, those that they need first, because their texts may refer to them. */
class Finder {
  readonly #config: Pick<Config, "services" | "projectRoot">;
  readonly #providers: ServiceProviders;
  readonly #signal: AbortSignal;
  readonly #found = new Map<string, Promise<Found>>();

  constructor(config: Pick<Config, "services" | "projectRoot">, { providers, signal }: LookOptions) {
    this.#config = config;
    this.#providers = providers ?? defaultProviders();
    this.#signal = signal ?? new AbortController().signal;
  }

  find(name: string): Promise<Found> {
    let found = this.#found.get(name);
    if (!found) {
      found = this.#find(name);
      this.#found.set(name, found);
    }
    return found;
  }

  /** What a service has of those that it needs, over however many others: where they are, and what they export. */
  async surroundings(name: string): Promise<Omit<ProbeSurroundings, "projectRoot"> & Pick<ProvisionContext, "env">> {
    const found = await Promise.all(this.#needsOf(name).map((need) => this.find(need)));
    const there = found.flatMap(({ service, instance }) => (instance ? [{ service, place: instance.place }] : []));
    const others = new Map(there.map(({ service, place }) => [service.name, place]));
    const env = Object.assign({}, ...there.map(({ service, place }) => exportsOf(service, place, others)));
    return { others, env: env as Record<string, string> };
  }

  #needsOf(name: string): string[] {
    const needs = this.#config.services.get(name)?.needs ?? [];
    return [...new Set(needs.flatMap((need) => [need, ...this.#needsOf(need)]))];
  }

  async #find(name: string): Promise<Found> {
    const service = this.#config.services.get(name) as Service;
    const context: ProvisionContext = {
      projectRoot: this.#config.projectRoot,
      keep: true,
      ...(await this.surroundings(name)),
      signal: this.#signal,
    };
    try {
      const provider = await this.#providers[service.provider.kind]();
      const instance = await provider.find(service, context);
      return { service, ...(instance ? { instance } : {}) };
    } catch (error) {
      return { service, error: error instanceof Error ? error.message : String(error) };
    }
  }
}

async function reportOf(
  { service, instance, error }: Found,
  surroundings: ProbeSurroundings,
  { signal = new AbortController().signal }: LookOptions,
): Promise<ServiceReport> {
  const { name } = service;
  if (!instance) return { service: name, state: "missing", isUsable: false, reason: error ?? "not started" };
  const address = addressOfPlace(instance.place);
  const known = { service: name, owner: instance.owner, ...(address === undefined ? {} : { address }) };
  const probe = probeOfInstance(service, instance, surroundings);
  const limits = { deadlineMs: Math.min(lookMs, service.health?.timeoutMs ?? lookMs), signal };
  const result = await (probe ?? runningProbe(instance))(limits);
  if (!result.isReady) {
    return { ...known, state: stateOfProblem(result.problem), isUsable: false, reason: result.detail };
  }
  const { version } = result;
  const state = service.isOneShot ? "completed" : probe ? "healthy" : "running-unchecked";
  return { ...known, state, isUsable: true, ...(version === undefined ? {} : { version }) };
}

const findAgainMs = 500;

async function waitForOne(
  name: string,
  config: Pick<Config, "services" | "projectRoot">,
  options: LookOptions & { readonly signal: AbortSignal; readonly deadlineMs?: number },
): Promise<ServiceChange | MissingResource> {
  const startedMs = performance.now();
  const service = config.services.get(name) as Service;
  const health: Omit<ServiceHealth, "check"> = service.health ?? usualHealth;
  const deadlineMs = options.deadlineMs ?? health.deadlineMs;
  const left = (): number => deadlineMs - (performance.now() - startedMs);
  const missing = (reason: string): MissingResource => ({
    kind: "service",
    name,
    reason: `not ready within ${deadlineMs / 1_000} s: ${reason}`,
    ...(service.provider.kind === "external" ? {} : { fix: `apex services up ${name}` }),
  });
  for (;;) {
    const finder = new Finder(config, options);
    const { instance, error } = await finder.find(name);
    if (instance) {
      const probe = probeOfInstance(service, instance, {
        ...(await finder.surroundings(name)),
        projectRoot: config.projectRoot,
      });
      const result = await waitUntilReady({
        probe: probe ?? runningProbe(instance),
        health: { ...health, deadlineMs: Math.max(1, left()) },
        signal: options.signal,
        isOneShot: service.isOneShot,
        ...(instance.owner === "foreign" ? {} : { status: (limits) => instance.status(limits) }),
      });
      if (result.outcome === "aborted") return missing("given up");
      if (result.outcome === "ready") {
        const address = addressOfPlace(instance.place);
        return {
          service: name,
          to: service.isOneShot ? "completed" : probe ? "healthy" : "running-unchecked",
          owner: instance.owner,
          ...(address === undefined ? {} : { address }),
          durationMs: Math.round(performance.now() - startedMs),
        };
      }
      // What has ended may be started again by whoever looks after it.
      if (left() <= findAgainMs) return missing(result.reason);
    }
    if (options.signal.aborted || left() <= findAgainMs) return missing(error ?? "nobody has started it");
    await delay(systemClock, findAgainMs, options.signal).catch(() => undefined);
  }
}
