// The background queue from the command line, whole process, beside a bare `node -e 0`; and how soon a warm worker has a task.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DaemonSeat, ensureDaemon, openQueueAt, queuePlace } from "@netra-apex/background-e2e";
import { apexProgram, compare, timeProcess } from "./measure.mjs";

const tasks = Number(process.argv[2] ?? 100_000);
const rounds = Number(process.argv[3] ?? 15);

function createProject() {
  const root = mkdtempSync(path.join(tmpdir(), "apex-bench-"));
  writeFileSync(path.join(root, "apex.yaml"), "categories:\n  e2e: { command: 'true' }\n");
  return root;
}

const running = createProject();
const cold = createProject();
const full = createProject();
const node = (cwd, ...args) => timeProcess(process.execPath, args, { cwd });
const apex = (cwd, ...args) => node(cwd, apexProgram, ...args);
let count = 0;
/** Each is another task: one that is the same as one that waits would join it. */
const enqueue = (cwd) => apex(cwd, "--background-e2e", "--background-category", "e2e", "--", String((count += 1)));

/** Waits until nothing is left of a queue but its worker. */
const settle = (cwd) => apex(cwd, "bg", "wait");

try {
  // A worker that runs its tests beside what is measured would be measured, too: these tasks wait.
  for (const root of [running, cold]) {
    await apex(root, "bg", "pause");
    await apex(root, "bg", "add", "e2e", "--separate");
  }
  await apex(running, "bg", "worker");
  await fill(full, tasks);

  await compare({
    title: "the background queue, whole process",
    rounds,
    floor: "node -e 0",
    contenders: {
      "node -e 0": () => node(running, "-e", "0"),
      "enqueue, worker there": () => enqueue(running),
      "enqueue, starts worker": async () => {
        const ms = await enqueue(cold);
        await apex(cold, "bg", "stop");
        return ms;
      },
      [`status, ${tasks} tasks`]: () => apex(full, "--background-status"),
      [`add, ${tasks} tasks`]: () => apex(full, "bg", "add", "e2e", "--separate"),
    },
  });
  await claimTimes(running);
} finally {
  for (const root of [running, cold, full]) {
    await apex(root, "bg", "stop").catch(() => undefined);
    rmSync(root, { recursive: true });
  }
}

/** Queues many tasks, which wait: the queue is paused, and its worker was stopped. */
async function fill(root, many) {
  await apex(root, "bg", "pause");
  await apex(root, "bg", "add", "e2e");
  await apex(root, "bg", "worker");
  const queue = await openQueueAt(queuePlace(path.join(root, ".apex")));
  const { items } = await queue.list({}, { order: "newest", limit: 1 });
  // Many of them are to be there; how long that takes is measured by queue.mjs.
  queue.database.sql("pragma synchronous = off").run();
  for (let index = 1; index < many; index += 1) {
    await queue.enqueue({ spec: items[0].spec, priority: (index % 5) + 1, by: { kind: "program" }, env: {} });
  }
  await queue.close();
}

/** From the moment that a task is on the disk until a worker that has nothing else to do has claimed it. */
async function claimTimes(root) {
  await apex(root, "bg", "cancel", "--all");
  await apex(root, "bg", "resume");
  const place = queuePlace(path.join(root, ".apex"));
  const queue = await openQueueAt(place);
  const { items } = await queue.list({}, { order: "newest", limit: 1 });
  const times = [];
  const version = new DaemonSeat(queue.database).holder().version;
  for (let round = 0; round < rounds; round += 1) {
    const { taskId } = await queue.enqueue({
      spec: items[0].spec,
      priority: 3,
      by: { kind: "program" },
      env: process.env,
    });
    const queuedMs = Date.now();
    await ensureDaemon(queue, place, { version, isAsked: false });
    await settle(root);
    times.push((await queue.get(taskId)).attempts[0].startedMs - queuedMs);
  }
  await queue.close();
  times.sort((left, right) => left - right);
  console.log(
    `enqueued → claimed by a warm worker: median ${times[rounds >> 1]} ms, worst ${times.at(-1)} ms (${rounds})`,
  );
}
