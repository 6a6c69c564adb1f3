import { availableParallelism, totalmem } from "node:os";
import type { Layer } from "../layers/layer.ts";
import type { Plan, PlanLayer, PlanNode } from "./plan.ts";

/** What a layer's nodes may reserve together; nothing where none of them reserves anything. */
export function layerCapacity(
  { id, limits }: Layer,
  reserving: readonly PlanNode[],
  notes: string[],
): Pick<PlanLayer, "capacity"> {
  const { maxMemoryBytes: memoryBytes, maxCpuPercent } = limits;
  const cpus = maxCpuPercent === undefined ? undefined : (availableParallelism() * maxCpuPercent) / 100;
  if (reserving.length === 0 || (memoryBytes === undefined && cpus === undefined)) return {};
  noteOversized(reserving, memoryBytes, `layer ${id} may take`, notes);
  return {
    capacity: { ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(cpus === undefined ? {} : { cpus }) },
  };
}

/** What all nodes may reserve together: this machine. */
export function runCapacity(nodes: readonly PlanNode[], notes: string[]): Pick<Plan, "capacity"> {
  const reserving = nodes.filter((node) => node.reserves);
  if (reserving.length === 0) return {};
  // In a container the limit of its memory is what there is.
  const memoryBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  noteOversized(reserving, memoryBytes, "this machine has", notes);
  return { capacity: { memoryBytes, cpus: availableParallelism() } };
}

/** A node that asks for more than there is runs all the same, alone among those that reserve: people should know. */
function noteOversized(
  reserving: readonly PlanNode[],
  memoryBytes: number | undefined,
  whose: string,
  notes: string[],
): void {
  for (const { id, reserves } of reserving) {
    if (memoryBytes === undefined || (reserves?.memoryBytes ?? 0) <= memoryBytes) continue;
    notes.push(`${id} reserves more memory than ${whose}: nothing else that reserves memory runs beside it`);
  }
}
