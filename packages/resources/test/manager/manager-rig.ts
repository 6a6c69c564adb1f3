import type { HealthCheck, Service, ServiceHealth } from "@netra-apex/core";
import { onTestFinished } from "vitest";
import { externalProvider } from "../../src/command/external-provider.ts";
import type { ServiceChange } from "../../src/manager/bring-up.ts";
import { ServiceManager, type ServiceManagerOptions } from "../../src/manager/service-manager.ts";
import { defaultProviders } from "../../src/manager/service-providers.ts";
import { type CommandRig, commandRig, node, server, service } from "../command/command-rig.ts";

/** A signal that nobody aborts. */
export const never = new AbortController().signal;

/** A health check that is looked at often. */
export function healthOf(check: HealthCheck, over: Partial<ServiceHealth> = {}): ServiceHealth {
  return { check, intervalMs: 50, timeoutMs: 1_000, successes: 1, deadlineMs: 10_000, ...over };
}

/** It answers by http. */
export const answering = healthOf({ kind: "http", url: "http://127.0.0.1:{port}/" });

/** An HTTP server that is ready some time after it has started. */
export function slowServer(
  name: string,
  { needs = [], afterMs = 0, exports = {} }: Partial<Service> & { afterMs?: number } = {},
) {
  return service(
    node(`setTimeout(() => { ${server} }, ${afterMs});`),
    { port: "auto" },
    { name, health: answering, needs, exports },
  );
}

/** A manager, and what it has told. */
export interface Managed {
  readonly rig: CommandRig;
  readonly manager: ServiceManager;
  readonly changes: ServiceChange[];
}

/** A {@link Managed} in a place of its own, or in that of another. */
export function managed(
  services: readonly Service[],
  over: Partial<ServiceManagerOptions> = {},
  rig: CommandRig = commandRig(),
): Managed {
  const changes: ServiceChange[] = [];
  const manager = new ServiceManager({
    config: configOf(services, rig),
    providers: providersOf(rig),
    registry: rig.registry,
    onChange: (change) => void changes.push(change),
    ...over,
  });
  onTestFinished(async () => {
    await manager.down();
    const own = services.filter(({ provider }) => provider.kind === "command");
    for (const one of own) await (await rig.provider.find(one, rig.context()))?.stop();
  });
  return { rig, manager, changes };
}

/** A config of these services. */
export function configOf(services: readonly Service[], rig: CommandRig) {
  return { projectRoot: rig.projectRoot, services: new Map(services.map((one) => [one.name, one])) };
}

/** What runs services in the rig. */
export function providersOf(rig: CommandRig) {
  return { ...defaultProviders(), command: async () => rig.provider, external: async () => externalProvider };
}
