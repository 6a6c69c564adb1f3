import { loadConfig } from "@netra-apex/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { watchQueue } from "../../src/background/queue-line.ts";
import { QueueProject } from "../rig/queue-project.ts";

/** A bound for what takes a worker that starts, and a look every two seconds. */
const bound = { timeout: 15_000 };

function project(): QueueProject {
  const waits = (file: string): string => `{ command: "until [ -e ${file} ]; do sleep 0.05; done", shell: true }`;
  return new QueueProject({
    "apex.yaml": `categories:
  e2e: ${waits("first")}
  performance: ${waits("second")}
background: { concurrency: 1 }
`,
  });
}

async function watchOf(apex: QueueProject, ids: readonly string[], options: { readonly lookMs?: number } = {}) {
  const config = await loadConfig({ cwd: apex.root });
  const watch = await watchQueue(config, ids, options);
  onTestFinished(() => watch.close());
  return watch;
}

describe("watchQueue", () => {
  it("tells how the tasks of a run stand, and nothing once all are over", async () => {
    const apex = project();
    const first = await apex.add("e2e");
    const second = await apex.add("performance");
    await apex.started(first);
    const watch = await watchOf(apex, [first, second]);
    expect(watch.lines()).toEqual(["1 running (e2e), 1 waiting"]);
    apex.write("first", "");
    await expect.poll(() => watch.lines(), bound).toEqual(["1 running (performance), 1 finished"]);
    apex.write("second", "");
    await expect.poll(() => watch.lines(), bound).toEqual([]);
  });

  it("learns of each change from whoever makes it, and not by looking again and again", async () => {
    const apex = project();
    const first = await apex.add("e2e");
    const second = await apex.add("performance");
    const watch = await watchOf(apex, [first, second], { lookMs: 3_600_000 });
    await expect.poll(() => watch.lines(), bound).toEqual(["1 running (e2e), 1 waiting"]);
    apex.write("first", "");
    await expect.poll(() => watch.lines(), bound).toEqual(["1 running (performance), 1 finished"]);
    apex.write("second", "");
    await expect.poll(() => watch.lines(), bound).toEqual([]);
  });

  it("tells of the tasks that it is asked for only", async () => {
    const apex = project();
    const first = await apex.add("e2e");
    const second = await apex.add("performance");
    await apex.started(first);
    const watch = await watchOf(apex, [second]);
    expect(watch.lines()).toEqual(["1 waiting"]);
  });

  it("takes a task that nobody knows for over", async () => {
    const apex = project();
    const first = await apex.add("e2e");
    await apex.started(first);
    const watch = await watchOf(apex, [first, "e2e-nobody"]);
    expect(watch.lines()).toEqual(["1 running (e2e), 1 finished"]);
  });
});
