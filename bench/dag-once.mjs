// One contender of dag.mjs in a process of its own, once: node --expose-gc dag-once.mjs <contender> <nodes> <bundle>
import { writeFileSync } from "node:fs";
import { contenders } from "./dag-contenders.mjs";

const [, , name, many, bundle] = process.argv;
const run = await contenders[name].load(bundle);
const entries = randomGraph(Number(many));
globalThis.gc();
try {
  // Linux forgets the peak of making the graph.
  writeFileSync("/proc/self/clear_refs", "5");
} catch {
  // Elsewhere that peak may hide some of the contender's own.
}
const rssBefore = process.memoryUsage.rss();
const started = performance.now();
const result = await run(entries);
const ms = performance.now() - started;
const peakBytes = process.resourceUsage().maxRSS * 1024 - rssBefore;
console.log(JSON.stringify({ ...result, ms, peakBytes }));

/** Three needs per node on average, among all nodes of a lower rank, in an order that has nothing to do with it. */
function randomGraph(size) {
  let state = 1;
  const below = (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  // Every mention is a string of its own, as it is in a parsed file.
  const nameOf = (rank) => `node-${rank}`;
  const ranks = Int32Array.from({ length: size }, (_, index) => index);
  for (let index = size - 1; index > 0; index -= 1) {
    const other = below(index + 1);
    [ranks[index], ranks[other]] = [ranks[other], ranks[index]];
  }
  return Array.from(ranks, (rank) => {
    const needs = new Set();
    for (let left = Math.min(rank, below(7)); left > 0; left -= 1) needs.add(below(rank));
    return { id: nameOf(rank), needs: Array.from(needs, nameOf) };
  });
}
