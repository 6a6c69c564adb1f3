import type { Service } from "@netra-apex/core";
import type { ServiceProvider } from "../instance.ts";

/** What can run each kind of service. */
export type ServiceProviders = {
  readonly [Kind in Service["provider"]["kind"]]: () => Promise<ServiceProvider<Kind>>;
};

/** Loads what runs a service when the first one of its kind is asked for: most projects have one kind, and Docker is much to load. */
export function defaultProviders(): ServiceProviders {
  return {
    external: once(async () => (await import("../command/external-provider.ts")).externalProvider),
    command: once(async () => new (await import("../command/command-provider.ts")).CommandProvider()),
    docker: once(async () => (await import("../docker/docker-provider.ts")).createDockerProvider()),
    docker_compose: once(async () => (await import("../docker/compose-provider.ts")).createComposeProvider()),
  };
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
