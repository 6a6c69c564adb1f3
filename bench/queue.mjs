// How long the queue takes with a hundred thousand tasks in it, on SQLite, in one process.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openQueue } from "@netra-apex/background-e2e";

const tasks = Number(process.argv[2] ?? 100_000);
const rounds = Number(process.argv[3] ?? 300);
const root = mkdtempSync(path.join(tmpdir(), "apex-bench-"));
const file = path.join(root, "queue.db");
// Half of the tasks have waited for longer than an ageing period, so that ages have to be told apart.
let nowMs = Date.now() - 40 * 60_000;
const now = () => nowMs;
const worker = { id: "bench" };

const newTask = (index) => ({
  spec: {
    category: ["cypress", "e2e", "performance", "e2e_critical"][index % 4],
    environment: "test",
    projectRoot: "/home/ada/project",
    maxRetries: 1,
    servicesRequired: ["postgresql"],
    additionalArgs: ["--headed"],
    envVars: { CI: "1" },
    useRealServices: false,
    useRealLlm: false,
  },
  priority: (index % 5) + 1,
  by: { kind: "person" },
  env: { PATH: "/usr/bin:/bin" },
});

const queue = await openQueue({ file, now });
const { database } = queue;
const filled = performance.now();
// Many to a transaction: what is to be measured is one at a time, below.
database.sql("pragma synchronous = off").run();
for (let index = 0; index < tasks; index += 1) {
  if (index === tasks / 2) nowMs += 40 * 60_000;
  await queue.enqueue(newTask(index));
}
database.sql("pragma synchronous = full").run();
console.log(`${tasks} tasks queued in ${((performance.now() - filled) / 1_000).toFixed(1)} s (not durably)`);

async function measure(title, times, work) {
  const ms = [];
  for (let index = 0; index < times; index += 1) {
    const started = performance.now();
    await work(index);
    ms.push(performance.now() - started);
  }
  ms.sort((left, right) => left - right);
  const at = (part) => ms[Math.min(ms.length - 1, Math.floor(part * ms.length))].toFixed(2).padStart(8);
  console.log(`  ${title.padEnd(34)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   worst ${at(1)} ms   (${times})`);
}

console.log(`with ${tasks} queued, Node ${process.versions.node}`);
await measure("enqueue", rounds, (index) => queue.enqueue(newTask(index)));
const claims = [];
await measure("claim", rounds, async () => claims.push(...(await queue.claim({ worker, leaseMs: 30_000, max: 1 }))));
await measure("heartbeat", rounds, (index) => queue.heartbeat(claims[index], { leaseMs: 30_000 }));
const result = {
  outcome: { status: "passed" },
  durationMs: 1,
  counts: { total: 1, passed: 1, failed: 0, skipped: 0, flaky: 0 },
};
await measure("complete", rounds, (index) => queue.complete(claims[index], result));
await measure("reap, nobody gone", rounds, () => queue.reap());
await measure("stats", 50, () => queue.stats());
await measure("first page by urgency, 20", 50, () => queue.list({}, { order: "urgency", limit: 20 }));
await measure("first page by change, 20", 50, () => queue.list({}, { order: "newest", limit: 20 }));
await measure("first page of one category, 20", 50, () =>
  queue.list({ category: "e2e" }, { order: "urgency", limit: 20 }),
);
const { items } = await queue.list({ states: ["queued"] }, { order: "newest", limit: 1 });
await measure("one task, the last in line", 50, () => queue.get(items[0].id));
await queue.close();
await measure("open, enqueue, close", 50, async (index) => {
  const cold = await openQueue({ file, now });
  await cold.enqueue(newTask(index));
  await cold.close();
});
rmSync(root, { recursive: true });
