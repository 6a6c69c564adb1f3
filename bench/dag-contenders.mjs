// Each contender turns `{ id, needs }` entries into an order, refuses cycles and finds the critical path (every node
// weighs one); it resolves with `{ ordered, weight }`. What a library lacks is done with its own means, by name.

/** By name: `load(bundle)` is not measured, and resolves with what is. `upTo` is the size that still takes under a minute. */
export const contenders = {
  floor: { upTo: Infinity, load: async () => bareKahn },
  Dag: {
    upTo: Infinity,
    load: async (bundle) => {
      const { Dag, criticalPath } = await import(bundle);
      return (entries) => {
        const dag = Dag.build(entries);
        return { ordered: dag.order.length, weight: criticalPath(dag, () => 1).weight };
      };
    },
  },
  toposort: {
    upTo: 1_000_000,
    load: async () => {
      const { default: toposort } = await import("toposort");
      return (entries) => {
        const needs = new Map(entries.map((entry) => [entry.id, entry.needs]));
        const edges = entries.flatMap((entry) => entry.needs.map((need) => [need, entry.id]));
        return pathByName(toposort.array([...needs.keys()], edges), (id) => needs.get(id));
      };
    },
  },
  "dependency-graph": {
    upTo: 1_000_000,
    load: async () => {
      const { DepGraph } = await import("dependency-graph");
      return (entries) => {
        const graph = new DepGraph();
        for (const { id } of entries) graph.addNode(id);
        for (const { id, needs } of entries) for (const need of needs) graph.addDependency(id, need);
        return pathByName(graph.overallOrder(), (id) => graph.directDependenciesOf(id));
      };
    },
  },
  "p-graph": {
    upTo: 100_000,
    load: async () => {
      const { PGraph } = await import("p-graph");
      return async (entries) => {
        const order = [];
        const nodes = new Map(entries.map(({ id }) => [id, { run: () => order.push(id), priority: 1 }]));
        const edges = entries.flatMap((entry) => entry.needs.map((need) => [need, entry.id]));
        // Running it is its only way to tell the order.
        await new PGraph(nodes, edges).run();
        const needs = new Map(entries.map((entry) => [entry.id, entry.needs]));
        return pathByName(order, (id) => needs.get(id));
      };
    },
  },
  graphology: {
    upTo: 100_000,
    load: async () => {
      const { default: Graph } = await import("graphology");
      const { topologicalSort } = await import("graphology-dag");
      return (entries) => {
        const graph = new Graph({ type: "directed" });
        for (const { id } of entries) graph.addNode(id);
        for (const { id, needs } of entries) for (const need of needs) graph.mergeDirectedEdge(need, id);
        return pathByName(topologicalSort(graph), (id) => graph.inNeighbors(id));
      };
    },
  },
};

function pathByName(order, needsOf) {
  const weights = new Map();
  let heaviest = 0;
  for (const id of order) {
    let before = 0;
    for (const need of needsOf(id)) before = Math.max(before, weights.get(need));
    weights.set(id, before + 1);
    heaviest = Math.max(heaviest, before + 1);
  }
  return { ordered: order.length, weight: heaviest };
}

/** The least that the work can be on numbered names: no checks, no report of what is wrong, nothing kept. */
function bareKahn(entries) {
  const size = entries.length;
  const indexes = new Map();
  let edgeCount = 0;
  for (let index = 0; index < size; index += 1) {
    const entry = entries[index];
    indexes.set(entry.id, index);
    edgeCount += entry.needs.length;
  }

  const from = new Int32Array(edgeCount);
  const left = new Int32Array(size);
  const starts = new Int32Array(size + 1);
  let edges = 0;
  for (let index = 0; index < size; index += 1) {
    const { needs } = entries[index];
    left[index] = needs.length;
    for (let position = 0; position < needs.length; position += 1) {
      const source = indexes.get(needs[position]);
      from[edges++] = source;
      starts[source + 1] += 1;
    }
  }
  for (let index = 0; index < size; index += 1) starts[index + 1] += starts[index];
  const next = starts.slice(0, size);
  const dependents = new Int32Array(edgeCount);
  for (let index = 0, edge = 0; index < size; index += 1) {
    for (const end = edge + left[index]; edge < end; edge += 1) dependents[next[from[edge]]++] = index;
  }

  const order = new Int32Array(size);
  let ordered = 0;
  for (let index = 0; index < size; index += 1) if (left[index] === 0) order[ordered++] = index;
  for (let done = 0; done < ordered; done += 1) {
    const end = starts[order[done] + 1];
    for (let edge = starts[order[done]]; edge < end; edge += 1) {
      const dependent = dependents[edge];
      left[dependent] -= 1;
      if (left[dependent] === 0) order[ordered++] = dependent;
    }
  }
  if (ordered < size) throw new Error("circular");

  const weights = new Float64Array(size);
  let heaviest = 0;
  for (let position = size - 1; position >= 0; position -= 1) {
    const index = order[position];
    const end = starts[index + 1];
    let after = 0;
    for (let edge = starts[index]; edge < end; edge += 1) {
      const weight = weights[dependents[edge]];
      if (weight > after) after = weight;
    }
    weights[index] = after + 1;
    if (after + 1 > heaviest) heaviest = after + 1;
  }
  return { ordered, weight: heaviest };
}
