import type { Config } from "../config/config.ts";
import type { Service } from "../config/services/service.ts";
import type { Layer } from "../layers/layer.ts";
import type { HostSlot } from "../ledger/host-amounts.ts";
import type { LayerNeeds, PlanLayer, PlanNode } from "./plan.ts";
import type { Selection } from "./selection.ts";

/** What a layer needs that the config says how to look after; nothing where there is none of it. */
export function layerNeeds(
  layer: Layer,
  nodes: readonly PlanNode[],
  { services, environment }: Pick<Config, "services" | "environment">,
  selection: Pick<Selection, "realServices">,
): Pick<PlanLayer, "needs"> {
  const { requiredServices, requires, whenUnavailable, waitTimeoutMs, hasDedicatedResources: isDedicated } = layer;
  const needed = [...new Set(requiredServices)].flatMap((name) => {
    const service = services.get(name);
    return service && isNeeded(service, environment, selection) ? [service] : [];
  });
  const all = withDependencies(needed, services);
  const onHost = { ...keptFree(layer, nodes), ...slotsOf(all), ...reservesOf(all) };
  if (needed.length === 0 && !requires && !isDedicated && Object.keys(onHost).length === 0) return {};
  return {
    needs: {
      services: needed.map(({ name }) => name),
      ...(requires ? { requires } : {}),
      whenUnavailable,
      waitTimeoutMs,
      ...(isDedicated ? { isDedicated } : {}),
      ...onHost,
    },
  };
}

/**
 * The memory that others must leave to the layer. A built-in limit is a guess, for which nobody should have to wait; where
 * categories say what they take, the layer's limit bounds them, and so does as one.
 */
function keptFree({ limits }: Layer, nodes: readonly PlanNode[]): Pick<LayerNeeds, "memoryBytes"> {
  const { maxMemoryBytes: memoryBytes, isMemoryWritten = false } = limits;
  const isReserved = isMemoryWritten || nodes.some(({ reserves }) => reserves?.memoryBytes !== undefined);
  return memoryBytes !== undefined && isReserved ? { memoryBytes } : {};
}

/** Of services that somebody else runs it is not ours to reserve anything. */
function reservesOf(services: readonly Service[]): Pick<LayerNeeds, "serviceReserves"> {
  const own = services.flatMap(({ start, reserves }) => (start === "never" || !reserves ? [] : [reserves]));
  const memoryBytes = own.reduce((sum, one) => sum + (one.memoryBytes ?? 0), 0);
  const cpus = own.reduce((sum, one) => sum + (one.cpus ?? 0), 0);
  if (memoryBytes === 0 && cpus === 0) return {};
  return {
    serviceReserves: { ...(memoryBytes === 0 ? {} : { memoryBytes }), ...(cpus === 0 ? {} : { cpus }) },
  };
}

/** Of a service that says so, and of ports that only one can have. */
function slotsOf(services: readonly Service[]): Pick<LayerNeeds, "slots"> {
  const slots = services.flatMap((service): HostSlot[] => {
    if (service.slots !== undefined) return [{ name: `service ${service.name}`, of: service.slots }];
    return fixedPorts(service).map((port) => ({ name: `host:port ${port}`, of: 1 }));
  });
  return slots.length === 0 ? {} : { slots };
}

/** Ports of this machine that a run that starts the service has for itself; one that is reused is there for all. */
function fixedPorts({ provider, start, isReused }: Service): number[] {
  if (start === "never" || isReused) return [];
  if (provider.kind === "command") return typeof provider.port === "number" ? [provider.port] : [];
  if (provider.kind === "docker") return provider.ports.flatMap(({ hostPort }) => hostPort ?? []);
  return [];
}

function withDependencies(needed: readonly Service[], services: Config["services"]): Service[] {
  const all = new Set(needed);
  // A set that grows is walked to its end.
  for (const { needs } of all) {
    for (const name of needs) {
      const service = services.get(name);
      if (service) all.add(service);
    }
  }
  return [...all];
}

function isNeeded(
  { when }: Service,
  environment: string,
  { realServices = false }: Pick<Selection, "realServices">,
): boolean {
  if (when?.realServices !== undefined && when.realServices !== realServices) return false;
  return when?.environments?.includes(environment) ?? true;
}
