/** What it takes to foretell a plan: 200 simulated runs of 1,000 nodes, eight at a time, with needs and reserved memory. */
import { definePlan, estimatePlan } from "@netra-apex/core";

const rounds = Number(process.argv[2] ?? 5);
const nodes = Array.from({ length: 1_000 }, (_, index) => ({
  id: `n${index}`,
  agent: "worker",
  needs: index > 7 && index % 3 === 0 ? [`n${index - 7}`] : [],
  reserves: { memoryBytes: (index % 4) * 1_000 },
}));
const plan = definePlan({ nodes, maxParallel: 8, capacity: { memoryBytes: 9_000 } });
const history = new Map(nodes.map(({ id }, index) => [id, [1_000 + index, 2_000 + ((index * 7_919) % 5_000), 900]]));

const times = Array.from({ length: rounds }, () => {
  const started = performance.now();
  const { samples } = estimatePlan(plan, history);
  if (samples !== 200) throw new Error(`${samples} runs were simulated, not 200`);
  return performance.now() - started;
});
times.sort((left, right) => left - right);
console.log(
  `estimate of 1,000 nodes × 200 runs: median ${times[times.length >> 1].toFixed(0)} ms, worst ${times.at(-1).toFixed(0)} ms of ${rounds}, Node ${process.versions.node}`,
);
