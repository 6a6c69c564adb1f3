import type { Service } from "@netra-apex/core";
import type { InstanceRecords } from "../docker/instance-records.ts";
import { InstanceRegistry } from "../instances/instance-registry.ts";
import type { ServiceProvider } from "../instance.ts";

/** What can run each kind of service. */
export type ServiceProviders = {
  readonly [Kind in Service["provider"]["kind"]]: () => Promise<ServiceProvider<Kind>>;
};

/** What all providers of a process share. */
export interface ProviderSettings {
  /** Where it is kept what was started; that of this user by default. */
  readonly registry?: InstanceRegistry;
}

/** Loads what runs a service when the first one of its kind is asked for: most projects have one kind, and Docker is much to load. */
export function defaultProviders({ registry = new InstanceRegistry() }: ProviderSettings = {}): ServiceProviders {
  const source = once(async () => {
    const { createEngineSource } = await import("../docker/engine-source.ts");
    return createEngineSource();
  });
  const keeper = once(async () => {
    const { ServiceKeeper } = await import("../command/service-keeper.ts");
    return new ServiceKeeper();
  });
  return {
    external: once(async () => {
      const { externalProvider } = await import("../command/external-provider.ts");
      return externalProvider;
    }),
    command: once(async () => {
      const { CommandProvider } = await import("../command/command-provider.ts");
      return new CommandProvider({ registry, keeper: await keeper() });
    }),
    docker: once(async () => {
      const { createDockerProvider } = await import("../docker/docker-provider.ts");
      return createDockerProvider({
        source: await source(),
        keeper: await keeper(),
        records: recordsOf(registry),
      });
    }),
    docker_compose: once(async () => {
      const { createComposeProvider } = await import("../docker/compose-provider.ts");
      return createComposeProvider({ source: await source(), records: recordsOf(registry) });
    }),
  };
}

/** The records of a registry, as what keeps them needs them. */
export function recordsOf(registry: InstanceRegistry): InstanceRecords {
  return {
    put: (record) => registry.put(record),
    remove: (id) => registry.remove(id),
    list: () => registry.list().records,
  };
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
