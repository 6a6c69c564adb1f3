import { execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { type Plan, resolvePlan, runPlan } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { buildPackage } from "../rig/built-programs.ts";
import { type WorkerRig, workerRig } from "../rig/worker-rig.ts";

const built = await buildPackage();
const { api } = built;
const packageRoot = path.resolve(import.meta.dirname, "../..");
const readme = readFileSync(path.join(packageRoot, "README.md"), "utf8");
const categories = {
  e2e: "command: node --test e2e.test.mjs",
  red: "command: 'false'",
  slow: "command: sleep 300",
};
const files = { "e2e.test.mjs": 'import { test } from "node:test"; test("buys", () => {});' };

const open = (rig: WorkerRig, worker: "daemon" | "own" | "none") =>
  new api.BackgroundE2EAgent({ projectRoot: rig.root, worker });

describe("BackgroundE2EAgent", () => {
  // It is written with `await using`, which Node 22 does not know.
  it.runIf(process.versions.node >= "24")("runs the README's script as it stands", async () => {
    const rig = await workerRig(built, { categories, files });
    const [, script = ""] = /## From a program\n\n```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    const scope = path.join(rig.root, "node_modules/@netra-apex/background-e2e");
    mkdirSync(scope, { recursive: true });
    symlinkSync(built.directory, path.join(scope, "dist"));
    writeFileSync(path.join(scope, "package.json"), '{ "type": "module", "exports": "./dist/index.js" }');
    writeFileSync(path.join(rig.root, "script.mts"), script);
    const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", "script.mts"], { cwd: rig.root });
    expect(stdout).toMatch(/task_id: 'e2e-\w{6}'/);
    expect(stdout).toContain("priority: 'high'");
    expect(stdout).toMatch(/completed \{ total: 1, passed: 1, failed: 0, skipped: 0, flaky: 0 \}\n$/);
  });

  it("is the worker itself, for as long as it is not stopped", async () => {
    const rig = await workerRig(built, { categories, files });
    const agent = open(rig, "own");
    await agent.start();
    try {
      const id = await agent.queueE2ETest("e2e");
      expect(await agent.waitFor(id)).toMatchObject({ task_id: id, status: "completed", exit_code: 0 });
      expect(await agent.getRecentResults()).toMatchObject([{ task_id: id }]);
      expect(await agent.getQueueStatus()).toMatchObject({ agent_running: true, worker: { pid: process.pid } });
      const slow = await agent.queueE2ETest("slow");
      await rig.until(slow, ({ state }) => state === "running");
      expect(await agent.getTaskStatus(slow.slice(0, -1))).toMatchObject({
        ...{ status: "running", attempt: 1, process_info: { running: true, pid: expect.any(Number) } },
      });
      const other = open(rig, "own");
      await other.start();
      await other.stop();
      // There is one worker in a project: the first.
      expect(await agent.getQueueStatus()).toMatchObject({ worker: { pid: process.pid }, active_tasks: 1 });
      await agent.stop();
      expect(await rig.marked(slow)).toEqual([]);
      expect(await rig.queue.get(slow)).toMatchObject({ state: "queued", losses: 0 });
    } finally {
      await agent.stop();
    }
  });

  it("leaves what it queues to somebody else, joins what is the same, and cancels it", async () => {
    const rig = await workerRig(built, { categories, files });
    const agent = open(rig, "none");
    await agent.start();
    try {
      const id = await agent.queueE2ETest("e2e", { max_retries: 2, env_vars: { A: "1" }, memory_limit_gb: 0.5 });
      expect(await agent.queueE2ETest("e2e", { max_retries: 2, env_vars: { A: "1" }, memory_limit_gb: 0.5 })).toBe(id);
      expect(await agent.queueE2ETest("e2e")).not.toBe(id);
      expect(await rig.queue.get(id)).toMatchObject({
        spec: { maxRetries: 2, envVars: { A: "1" }, memoryLimitBytes: 512 * 1024 ** 2 },
      });
      expect(await agent.getQueueStatus()).toMatchObject({
        agent_running: false,
        queued_tasks: 2,
        queued_by_category: { e2e: 2 },
      });
      expect(await agent.handleMessage({ topic: "cancel", payload: { task_id: id } } as never)).toBe(true);
      expect(await agent.handleMessage({ topic: "cancel", payload: { task_id: id } } as never)).toBe(false);
      expect(await agent.handleMessage({ topic: "status", payload: { task_id: id } } as never)).toMatchObject({
        status: "cancelled",
      });
      expect(await agent.handleMessage({ topic: "status" } as never)).toMatchObject({ queued_tasks: 1 });
      expect(await agent.handleMessage({ topic: "results", payload: { limit: 1 } } as never)).toMatchObject([
        { task_id: id },
      ]);
      const queued = await agent.handleMessage({ topic: "queue", payload: { category: "red" } } as never);
      expect(await agent.getTaskStatus(String(queued))).toMatchObject({ status: "queued", category: "red" });
      expect(await agent.handleMessage({ topic: "weather" } as never)).toBe(undefined);
      await expect(agent.queueE2ETest("e2e", { max_retries: -1 })).rejects.toMatchObject({ code: "APEX_TASK_INVALID" });
      await expect(agent.queueE2ETest("nothing")).rejects.toMatchObject({ code: "APEX_SELECTION_INVALID" });
      await expect(agent.getTaskStatus("nobody")).rejects.toMatchObject({ code: "APEX_TASK_NOT_FOUND" });
      const gaveUp = AbortSignal.timeout(50);
      await expect(agent.waitFor(String(queued), { signal: gaveUp })).rejects.toMatchObject({ name: "TimeoutError" });
    } finally {
      await agent.stop();
    }
  });

  it("queues as a node of a plan, and ends with the task where it waits for it", async () => {
    const rig = await workerRig(built, { categories, files });
    const agent = open(rig, "daemon");
    const run = async (input: object, signal?: AbortSignal) => {
      const plan = await planWith(rig, input);
      return runPlan(plan, { agents: [agent], ...(signal ? { signal } : {}) });
    };
    expect(await run({ category: "red" })).toMatchObject({ outcome: { status: "passed" } });
    const red = (await rig.queue.list({}, { order: "newest", limit: 1 })).items[0]?.id ?? "";
    expect(await rig.end(red)).toMatchObject({ state: "failed" });
    expect(await run({ category: "e2e", wait: true })).toMatchObject({
      outcome: { status: "passed" },
      counts: { total: 1, passed: 1 },
    });
    const bad = await run({ category: "red", wait: true });
    expect(bad.outcome.status).toBe("failed");
    const abort = new AbortController();
    const cancelled = run({ category: "slow", wait: true }, abort.signal);
    await expect.poll(async () => (await rig.queue.stats()).byState.running, { timeout: 10_000 }).toBe(1);
    abort.abort();
    expect((await cancelled).outcome.status).toBe("cancelled");
    const [slow] = (await rig.queue.list({ category: "slow" }, { order: "newest", limit: 1 })).items;
    expect(await rig.end(slow?.id ?? "")).toMatchObject({ state: "cancelled" });
    await expect.poll(() => rig.marked(slow?.id), { timeout: 5_000 }).toEqual([]);
    await agent.stop();
  });
});

it("the README's table of errors names every code of this package", () => {
  const sources = globSync("src/**/*.ts", { cwd: packageRoot, exclude: ["src/testing/**"] });
  const codes = sources.flatMap((file) => {
    const text = readFileSync(path.join(packageRoot, file), "utf8");
    return [...text.matchAll(/(?:readonly code = |\| |= )"(APEX_[A-Z_]+)"/g)].map(([, code = ""]) => code);
  });
  const thrown = [...new Set(codes)].filter((code) => !code.startsWith("APEX_STORE_") && !code.startsWith("APEX_NODE"));
  expect(thrown.length).toBeGreaterThan(7);
  expect(thrown.filter((code) => !readme.includes(`| \`${code}\``))).toEqual([]);
});

async function planWith(rig: WorkerRig, input: object): Promise<Plan> {
  const plan = resolvePlan(await rig.config(), { categories: ["e2e"] });
  return { ...plan, nodes: plan.nodes.map((node) => ({ ...node, agent: "background-e2e", input })) };
}
