import type { Service, ServiceProvider } from "@netra-apex/core";
import type { AskLimits, InstanceStatus, ProvisionContext, ServiceInstance } from "../../src/instance.ts";
import { setTimeout } from "node:timers/promises";

/** A service as the config gives it, of whichever provider. */
export function serviceOf<Provider extends ServiceProvider>(
  name: string,
  provider: Provider,
  settings: Partial<Omit<Service, "name" | "provider">> = {},
): Service & { readonly provider: Provider } {
  return {
    name,
    provider,
    needs: [],
    start: "on_demand",
    isOneShot: false,
    isUnderTest: false,
    isReused: false,
    stopTimeoutMs: 300,
    exports: {},
    ...settings,
  };
}

/** A container that runs a script; it listens where `ports` say. */
export function container(
  image: string,
  script: string,
  settings: Partial<Extract<ServiceProvider, { kind: "docker" }>> = {},
): Extract<ServiceProvider, { kind: "docker" }> {
  return {
    kind: "docker",
    image,
    command: ["/bin/sh", "-c", script],
    env: {},
    ports: [],
    volumes: [],
    tmpfs: [],
    ...settings,
  };
}

/** What a provider is asked in. */
export function contextFor(projectRoot: string, settings: Partial<ProvisionContext> = {}): ProvisionContext {
  const { signal } = new AbortController();
  return { projectRoot, keep: false, others: new Map(), env: {}, signal, ...settings };
}

/** Bounds that nothing here comes near. */
export function within(deadlineMs = 5_000): AskLimits {
  return { deadlineMs, signal: new AbortController().signal };
}

/** Its first status that is as wanted. */
export async function statusWhen(
  instance: Pick<ServiceInstance, "status">,
  isWanted: (status: InstanceStatus) => boolean,
): Promise<InstanceStatus> {
  for (let tries = 0; ; tries += 1) {
    const status = await instance.status(within());
    if (isWanted(status)) return status;
    if (tries > 200) throw new Error(`still ${JSON.stringify(status)}`);
    await setTimeout(50);
  }
}
