import type { Config, Service, ServicePlace } from "@netra-apex/core";
import type { ProvisionContext, ServiceInstance } from "../instance.ts";
import { allExports } from "../instances/exports-of.ts";
import type { InstanceRegistry } from "../instances/instance-registry.ts";
import type { ProbeSurroundings } from "./readiness.ts";
import { defaultProviders, type ServiceProviders } from "./service-providers.ts";
import { withNeeds } from "./with-needs.ts";

/** With what services are looked for. */
export interface FinderOptions {
  readonly providers?: ServiceProviders;
  /** Where it is kept what was started; that of this user by default. */
  readonly registry?: InstanceRegistry;
  readonly signal?: AbortSignal;
}

/** A service, and what there is of it. */
export interface FoundService {
  readonly service: Service;
  readonly instance?: ServiceInstance;
  /** Why it cannot be told whether it is there. */
  readonly error?: string;
}

/** Finds services without starting any; those that they need first, because their texts may refer to them. */
export class ServiceFinder {
  readonly #config: Pick<Config, "services" | "projectRoot">;
  readonly #providers: ServiceProviders;
  readonly #signal: AbortSignal;
  readonly #found = new Map<string, Promise<FoundService>>();

  constructor(config: Pick<Config, "services" | "projectRoot">, { registry, providers, signal }: FinderOptions) {
    this.#config = config;
    this.#providers = providers ?? defaultProviders(registry ? { registry } : {});
    this.#signal = signal ?? new AbortController().signal;
  }

  find(name: string): Promise<FoundService> {
    let found = this.#found.get(name);
    if (!found) {
      found = this.#find(name);
      this.#found.set(name, found);
    }
    return found;
  }

  /** What is around a service: where those are that it needs, over however many others, and what they export. */
  async surroundings(name: string): Promise<Required<ProbeSurroundings>> {
    const { services, projectRoot } = this.#config;
    const needs = withNeeds(services, services.get(name)?.needs ?? []);
    const found = await Promise.all(needs.map((need) => this.find(need)));
    const others = placesOf(found);
    return { others, env: allExports(found, others), projectRoot };
  }

  async #find(name: string): Promise<FoundService> {
    const service = this.#config.services.get(name) as Service;
    const context: ProvisionContext = {
      ...(await this.surroundings(name)),
      keep: true,
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

function placesOf(found: readonly FoundService[]): Map<string, ServicePlace> {
  return new Map(found.flatMap(({ service, instance }) => (instance ? [[service.name, instance.place] as const] : [])));
}
