import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { attemptLog } from "../../src/index.ts";
import { buildPackage } from "../rig/built-programs.ts";
import { workerRig } from "../rig/worker-rig.ts";

const built = await buildPackage();
const passing = `
import { test } from "node:test";
test("adds", () => console.log("adding"));
test("later", { skip: true }, () => {});
`;
const failing = `
import { test } from "node:test";
test("adds", () => { throw new Error("1 is not 2"); });
`;
/** Passes at the third attempt, and says which one it is. */
const third = "sh -c 'echo x >> tries; echo try $(wc -l < tries); test $(wc -l < tries) -ge 3'";
/** A tree of which nobody heeds SIGTERM. */
const stubborn = 'sh -c \'trap "" TERM; (trap "" TERM; sleep 300; sleep 300) & sleep 300; sleep 300\'';

describe("a task that a worker runs", () => {
  it("ends with what its tests said: in the queue, in a file, in its log and in the history", async () => {
    const rig = await workerRig(built, {
      categories: { green: "command: node --test green.test.mjs" },
      files: { "green.test.mjs": passing },
    });
    const id = await rig.enqueue("green", { priority: 2 });
    rig.startDaemon();
    const task = await rig.end(id);
    expect(task).toMatchObject({ state: "completed", spent: 1, losses: 0 });
    const log = attemptLog(rig.place, id, 1);
    const counts = { total: 2, passed: 1, failed: 0, skipped: 1, flaky: 0 };
    const runId = expect.stringMatching(/^\d{8}-\d{6}-\w+$/);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const seconds = expect.any(Number);
    const exported = await untilExported(() => rig.exported(id));
    expect(exported).toEqual({
      ...{ version: 1, task_id: id, category: "green", environment: "test", priority: "high", status: "completed" },
      ...{ outcome: "passed", exit_code: 0, created_at: time, started_at: time, finished_at: time },
      ...{
        duration_seconds: seconds,
        test_counts: counts,
        error_message: null,
        flaky: false,
        code: null,
        run_id: runId,
      },
      attempts: [
        {
          ...{ attempt: 1, status: "passed", started_at: time, duration_seconds: seconds, exit_code: 0 },
          ...{ test_counts: counts, run_id: runId, log },
        },
      ],
    });
    const said = readFileSync(log, "utf8");
    for (const part of ["adding", "green starts", "green passed, 1 of 2 tests passed"]) expect(said).toContain(part);
    expect(existsSync(path.join(rig.place.store, "runs", String(exported["run_id"])))).toBe(true);
    // Its process had nothing to complain of to the very end.
    await expect.poll(() => rig.marked(id), { timeout: 5_000 }).toEqual([]);
    expect(readFileSync(path.join(path.dirname(log), "process.log"), "utf8")).toBe("");
  });

  it("is masked as the config says, also in variables that were set for the task alone", async () => {
    const rig = await workerRig(built, {
      categories: { e2e: `command: ${JSON.stringify("sh -c 'echo key=$API_KEY'")}` },
      config: "mask: { variables: [API_KEY] }",
    });
    const id = await rig.enqueue("e2e", { envVars: { API_KEY: "supersecret123" } });
    rig.startDaemon();
    await rig.end(id);
    const said = readFileSync(attemptLog(rig.place, id, 1), "utf8");
    expect(said).toContain("key=");
    expect(said).not.toContain("supersecret123");
  });

  it("fails as its tests fail", async () => {
    const rig = await workerRig(built, {
      categories: { red: "command: node --test red.test.mjs" },
      files: { "red.test.mjs": failing },
    });
    const id = await rig.enqueue("red");
    rig.startDaemon();
    const task = await rig.end(id);
    expect(task).toMatchObject({ state: "failed", result: { exitCode: 1, counts: { total: 1, failed: 1 } } });
    const exported = await untilExported(() => rig.exported(id));
    expect(exported).toMatchObject({ status: "failed", outcome: "failed", exit_code: 1 });
    expect(exported["error_message"]).toContain("1 test failed");
    expect(readFileSync(attemptLog(rig.place, id, 1), "utf8")).toContain("1 is not 2");
  });

  it("is timed-out by its own time and by its category's, and nothing of its tree is left", async () => {
    const rig = await workerRig(built, {
      categories: {
        slow: `command: ${JSON.stringify(stubborn)}`,
        late: `command: ${JSON.stringify("sleep 300")}, timeout_seconds: 1`,
      },
      config: "background: { concurrency: 2 }",
    });
    const slow = await rig.enqueue("slow", { timeoutMs: 500 });
    const late = await rig.enqueue("late");
    rig.startDaemon();
    const ended = [await rig.end(slow, 20_000), await rig.end(late)];
    expect(ended.map(({ state }) => state)).toEqual(["timed-out", "timed-out"]);
    expect(ended.map(({ result }) => result?.outcome)).toMatchObject([{ limitMs: 500 }, { limitMs: 1_000 }]);
    const { pid } = ended[0]?.attempts[0]?.worker.process ?? {};
    // The attempt itself may still be leaving.
    expect(
      (await rig.marked()).filter(
        (left) => left.pid !== pid && !ended[1]?.attempts.some(({ worker }) => worker.process?.pid === left.pid),
      ),
    ).toEqual([]);
  }, 30_000);

  it("is tried again after a while, and keeps its attempts apart", async () => {
    const rig = await workerRig(built, { categories: { shaky: `command: ${JSON.stringify(third)}` } });
    const id = await rig.enqueue("shaky", { maxRetries: 3 });
    rig.startDaemon();
    const task = await rig.end(id);
    expect(task).toMatchObject({ state: "completed", spent: 3 });
    const exported = await untilExported(() => rig.exported(id));
    expect(exported["flaky"]).toBe(true);
    expect(task.attempts.map(({ result }) => result?.outcome.status)).toEqual(["failed", "failed", "passed"]);
    const logs = [1, 2, 3].map((fence) => readFileSync(attemptLog(rig.place, id, fence), "utf8"));
    expect(logs.map((log) => /try \d/.exec(log)?.[0])).toEqual(["try 1", "try 2", "try 3"]);
    const runs = new Set(task.attempts.map(({ result }) => result?.runId));
    expect(runs.size).toBe(3);
  });

  it("is over at once when another attempt would find the same, and says what is wrong", async () => {
    const rig = await workerRig(built, {
      categories: { gone: "command: 'true'", missing: "command: no-such-program --at-all", broken: "command: 'true'" },
    });
    const options = { maxRetries: 3 };
    const missing = await rig.enqueue("missing", options);
    const gone = await rig.enqueue("gone", options);
    rig.startDaemon();
    expect(await rig.end(missing)).toMatchObject({
      state: "failed",
      spent: 1,
      result: { outcome: { status: "errored" } },
    });
    expect((await untilExported(() => rig.exported(missing)))["error_message"]).toContain("no-such-program");
    await rig.end(gone);
    await rig.queue.pause({ by: { kind: "person" } });
    const removed = await rig.enqueue("gone", options);
    const broken = await rig.enqueue("broken", options);
    rig.write("apex.yaml", "extends: none\ncategories: { broken: { command: 'true' } }\n");
    await rig.queue.resume({ kind: "person" });
    built.api.wake(rig.place);
    expect(await rig.end(removed)).toMatchObject({ state: "failed", spent: 1 });
    expect((await untilExported(() => rig.exported(removed)))["error_message"]).toContain("no category gone any more");
    expect((await rig.end(broken)).state).toBe("completed");
    await rig.queue.redrive(broken, { kind: "person" });
    rig.write("apex.yaml", "categories: [\n");
    built.api.wake(rig.place);
    const again = await rig.until(broken, ({ state, spent }) => state === "failed" && spent === 1);
    expect(again.result?.outcome).toMatchObject({ status: "errored", reason: expect.stringContaining("apex.yaml") });
  });

  it("runs with the environment that it was queued in, whatever its names, and with Node's options for the tests alone", async () => {
    const code =
      "process.exit(process.env.ODD_1 === 'a=b\\nc' && process.env['odd.name%%'] === '' && globalThis.wasRequired && !process.env.APEX_NODE_OPTIONS ? 0 : 1)";
    const rig = await workerRig(built, {
      categories: { env: `command: [node, -e, ${JSON.stringify(code)}]` },
      files: { "required.cjs": "globalThis.wasRequired = true;" },
      directory: `a project with spaces/${"long-".repeat(30)}/über`,
    });
    process.env["ODD_1"] = "a=b\nc";
    process.env["odd.name%%"] = "";
    process.env["NODE_OPTIONS"] = "--require ./required.cjs";
    let id: string;
    try {
      id = await rig.enqueue("env");
    } finally {
      for (const name of ["ODD_1", "odd.name%%", "NODE_OPTIONS"]) delete process.env[name];
    }
    rig.startDaemon();
    expect(await rig.end(id)).toMatchObject({ state: "completed" });
  });

  it("is written to the store that the environment or the config names", async () => {
    const rig = await workerRig(built, {
      categories: { green: "command: 'true'" },
      config: "history: { directory: elsewhere/store }",
    });
    const id = await rig.enqueue("green");
    rig.startDaemon();
    const { result } = await rig.end(id);
    expect(existsSync(path.join(rig.root, "elsewhere/store/runs", result?.runId ?? "none"))).toBe(true);
    expect(existsSync(path.join(rig.root, ".apex"))).toBe(false);
  });

  it("fails with the reason when the files of its attempt cannot be made, and the worker goes on", async () => {
    const rig = await workerRig(built, { categories: { green: "command: 'true'" } });
    const id = await rig.enqueue("green");
    rig.write(`.apex/background/${id}`, "a file in the way");
    rig.startDaemon();
    const blocked = await rig.end(id);
    expect(blocked.result?.outcome).toMatchObject({
      status: "errored",
      reason: expect.stringMatching(/^the attempt could not be started: .*(EEXIST|ENOTDIR)/),
    });
    rmSync(path.join(rig.place.directory, id));
    expect(await rig.end(await rig.enqueue("green"))).toMatchObject({ state: "completed" });
  });

  it("keeps a very long output, and a test that leaves things open does not keep its process", async () => {
    const code = "for (let n = 0; n < 40; n += 1) console.log('x'.repeat(1024 * 1024))";
    const rig = await workerRig(built, { categories: { loud: `command: [node, -e, ${JSON.stringify(code)}]` } });
    const id = await rig.enqueue("loud");
    rig.startDaemon();
    const { attempts, state } = await rig.end(id, 30_000);
    expect(state).toBe("completed");
    const { pid = 0 } = attempts[0]?.worker.process ?? {};
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 5_000 }).toBe(false);
  }, 40_000);
});

async function untilExported(read: () => Record<string, unknown>): Promise<Record<string, unknown>> {
  await expect.poll(() => attemptTo(read), { timeout: 5_000 }).toBeDefined();
  return read();
}

function attemptTo<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
