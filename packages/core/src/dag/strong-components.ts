import type { EdgeRows } from "./edge-rows.ts";

/**
 * By node, the number of its strongly connected component, from 1 on: two nodes share one when each can be reached from
 * the other. Nodes in `isLeftOut` have 0, and no edge may lead to them. Tarjan's algorithm with its call stack in an
 * array (R. Tarjan, Depth-first search and linear graph algorithms, 1972), O(V + E).
 */
export function strongComponents({ starts, targets }: EdgeRows, isLeftOut: Uint8Array): Int32Array {
  const size = starts.length - 1;
  const component = new Int32Array(size);
  // In order of the visit, from 1 on; 0 is unseen.
  const visit = new Int32Array(size);
  const lowest = new Int32Array(size);
  const nextEdge = Int32Array.from(starts);
  const path = new Int32Array(size);
  const open = new Int32Array(size);
  let visits = 0;
  let openCount = 0;
  let components = 0;
  for (let root = 0; root < size; root += 1) {
    if (isLeftOut[root] === 1 || visit[root] !== 0) continue;
    path[0] = root;
    let depth = 1;
    while (depth > 0) {
      const node = path[depth - 1] as number;
      if (visit[node] === 0) {
        visits += 1;
        visit[node] = visits;
        lowest[node] = visits;
        open[openCount++] = node;
      }
      const edge = nextEdge[node] as number;
      if (edge < (starts[node + 1] as number)) {
        nextEdge[node] = edge + 1;
        const next = targets[edge] as number;
        if (visit[next] === 0) path[depth++] = next;
        else if (component[next] === 0) lowest[node] = Math.min(lowest[node] as number, visit[next] as number);
        continue;
      }
      depth -= 1;
      if (depth > 0) {
        const caller = path[depth - 1] as number;
        lowest[caller] = Math.min(lowest[caller] as number, lowest[node] as number);
      }
      if (lowest[node] !== visit[node]) continue;
      components += 1;
      let member: number;
      do {
        openCount -= 1;
        member = open[openCount] as number;
        component[member] = components;
      } while (member !== node);
    }
  }
  return component;
}
