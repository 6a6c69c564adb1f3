import type { HostAmounts, HostSlot } from "../ledger/host-amounts.ts";
import { isNothing, sumOf } from "../ledger/host-amounts.ts";
import type { Plan, PlanLayer, PlanNode } from "../plan/plan.ts";

/** What a layer takes of the host when it opens; its CPU percentage is no part of it, as CPUs are shared by the moment. */
export function layerDemand({ needs = {} }: { readonly needs?: Partial<PlanLayer["needs"]> }): HostAmounts {
  const { memoryBytes: own, serviceReserves: ofServices = {}, slots, isDedicated } = needs;
  const memoryBytes = (own ?? 0) + (ofServices.memoryBytes ?? 0);
  return {
    ...(own === undefined && memoryBytes === 0 ? {} : { memoryBytes }),
    ...(ofServices.cpus === undefined ? {} : { milliCpus: Math.round(ofServices.cpus * 1_000) }),
    ...(slots ? { slots } : {}),
    ...(isDedicated ? { isDedicated } : {}),
  };
}

/** The slots of all of a run's layers. */
export function slotDemand({ layers }: Pick<Plan, "layers">): readonly HostSlot[] {
  return sumOf(layers.map((layer) => layerDemand(layer))).slots;
}

/** What a node takes of the host while it runs, beside what was taken for its layer. */
export function nodeDemand(
  { reserves = {}, mutexes = [] }: Pick<PlanNode, "reserves" | "mutexes">,
  { isMemoryCovered }: { readonly isMemoryCovered: boolean },
): HostAmounts {
  const { memoryBytes = 0, cpus = 0 } = reserves;
  return {
    ...(memoryBytes > 0 && !isMemoryCovered ? { memoryBytes } : {}),
    ...(cpus > 0 ? { milliCpus: Math.round(cpus * 1_000) } : {}),
    ...(mutexes.length > 0 ? { mutexes: [...new Set(mutexes)].toSorted() } : {}),
  };
}

/**
 * What all of a run's layers take as one, from the first that opens to the end of the last; nothing where each takes for
 * itself. It is for layers of which one waits for nodes of another that may not even have opened: while the one keeps what it
 * has, the other could wait for somebody who waits for that.
 */
export function wholeDemand({ layers, nodes }: Pick<Plan, "layers" | "nodes">): HostAmounts | undefined {
  if (!hasCrossingNeeds(layers, nodes)) return undefined;
  return sumOf(
    layers.flatMap((layer) => {
      const demand = layerDemand(layer);
      if (layer.needs?.memoryBytes !== undefined) return demand;
      const own = nodes.filter(({ layerId }) => layerId === layer.id);
      return [demand, ...own.map(({ reserves }) => ({ memoryBytes: reserves?.memoryBytes ?? 0 }))];
    }),
  );
}

/** Whether a run takes anything at all of the host. */
export function takesOfHost({ layers, nodes }: Pick<Plan, "layers" | "nodes">): boolean {
  const isAsked = (demand: HostAmounts): boolean => !isNothing(demand);
  return (
    layers.some((layer) => isAsked(layerDemand(layer))) ||
    nodes.some((node) => isAsked(nodeDemand(node, { isMemoryCovered: false })))
  );
}

function hasCrossingNeeds(layers: readonly PlanLayer[], nodes: readonly PlanNode[]): boolean {
  const layerOf = new Map<string, string>(nodes.map(({ id, layerId }) => [id, layerId]));
  const before = new Map<string, Set<string>>();
  const gatesOf = new Map(layers.map(({ id, gates }) => [id as string, gates]));
  const beforeOf = (layer: string): Set<string> => {
    const known = before.get(layer);
    if (known) return known;
    const all = new Set<string>(gatesOf.get(layer));
    // A set that grows is walked to its end.
    for (const gate of all) for (const earlier of gatesOf.get(gate) ?? []) all.add(earlier);
    before.set(layer, all);
    return all;
  };
  return nodes.some(({ layerId, needs, when }) =>
    [...needs, ...Object.keys(when?.outcome ?? {})].some((id) => {
      const other = layerOf.get(id);
      return other !== undefined && other !== layerId && !beforeOf(layerId).has(other);
    }),
  );
}
