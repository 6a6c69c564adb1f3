import type { NodeId, RunEventOf } from "@netra-apex/core";
import type { ProcessSample } from "./run-report.ts";

/** Readings that are kept of one node: more than a screen has columns. */
const mostPerNode = 1_000;

interface NodeSamples {
  readonly kept: ProcessSample[];
  /** Of so many readings, one is kept. */
  stride: number;
  seen: number;
}

/** Keeps what the processes of nodes took; of a node that runs for long, every second reading, every fourth, and so on. */
export class ProcessSamples {
  readonly #nodes = new Map<NodeId, NodeSamples>();

  add({ runId, seq, nodeId, processes, memoryBytes, cpuPercent }: RunEventOf<"process_sampled">, atMs: number): void {
    const node = this.#nodes.get(nodeId) ?? { kept: [], stride: 1, seen: 0 };
    this.#nodes.set(nodeId, node);
    if (node.seen % node.stride === 0) {
      if (node.kept.length === mostPerNode) {
        node.kept.splice(0, mostPerNode, ...node.kept.filter((_, index) => index % 2 === 0));
        node.stride *= 2;
      }
      if (node.seen % node.stride === 0) {
        node.kept.push({ runId, seq, nodeId, atMs, processes, memoryBytes, cpuPercent });
      }
    }
    node.seen += 1;
  }

  result(): ProcessSample[] {
    return [...this.#nodes.values()].flatMap(({ kept }) => kept);
  }
}
