import { createServer } from "node:net";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { HostLedger, hostMemoryBytes, type HostParticipant } from "@netra-apex/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { attemptLog } from "../../src/index.ts";
import { snapshotDirectory } from "../../src/place.ts";
import { buildPackage } from "../rig/built-programs.ts";
import { type RigOptions, type WorkerRig, workerRig } from "../rig/worker-rig.ts";
import { Repository } from "../snapshot/repository.ts";

const built = await buildPackage();

describe("what an attempt stands on", () => {
  it("is looked at before it starts: without a service nothing runs, and nothing is tried again", async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    onTestFinished(() => void server.close());
    const port = (server.address() as { port: number }).port;
    const rig = await workerRig(built, {
      categories: { e2e: `command: ${JSON.stringify("sh -c 'echo x >> ran'")}` },
      config: `services: { backend: { health: { tcp: "127.0.0.1:${port}" } } }`,
    });
    const options = { servicesRequired: ["backend"], maxRetries: 3 };
    rig.startDaemon();
    expect(await rig.end(await rig.enqueue("e2e", options))).toMatchObject({ state: "completed" });
    expect(readFileSync(path.join(rig.root, "ran"), "utf8")).toBe("x\n");
    await new Promise((resolve) => server.close(resolve));
    const id = await rig.enqueue("e2e", options);
    expect(await rig.end(id)).toMatchObject({ state: "failed", spent: 1 });
    await expect.poll(() => existsSync(path.join(rig.root, "test_reports/background_e2e", `${id}.json`))).toBe(true);
    expect(rig.exported(id)["error_message"]).toMatch(/^services are not available: backend.*not.*/);
    expect(readFileSync(path.join(rig.root, "ran"), "utf8")).toBe("x\n");
  });

  it("is memory, for which it waits while another task has it", async () => {
    const rig = await workerRig(built, { categories: { e2e: "command: 'true'" } });
    const other = new HostLedger().join({ kind: "background", name: "other-task", projectRoot: "/elsewhere" });
    const amounts = { memoryBytes: hostMemoryBytes() };
    expect(other.request({ what: "all", level: "layer", amounts }).tryTake()).toEqual({ kind: "taken" });
    const id = await rig.enqueue("e2e", { memoryLimitBytes: 64 * 1024 ** 2 });
    rig.startDaemon();
    const waiting = await rig.until(id, ({ progress }) => progress?.note?.startsWith("waiting for memory: ") ?? false);
    expect(waiting).toMatchObject({ state: "starting", progress: { note: expect.stringContaining("other-task") } });
    other.leave();
    expect(await rig.end(id)).toMatchObject({ state: "completed" });
    expect(readFileSync(attemptLog(rig.place, id, 1), "utf8")).toMatch(/waits for memory: .* are held by .*other-task/);
  });
});

describe("a run that a person waits for", () => {
  const join = (): HostParticipant =>
    new HostLedger().join({ kind: "foreground", name: "a run of shop", projectRoot: "/shop" });

  it("goes before an attempt that has not begun", async () => {
    const rig = await workerRig(built, { categories: { e2e: "command: 'true'" } });
    const person = join();
    const id = await rig.enqueue("e2e");
    rig.startDaemon();
    const waiting = await rig.until(id, ({ progress }) => progress?.note?.startsWith("yields to ") ?? false);
    expect(waiting.progress?.note).toMatch(/^yields to a run of shop \(pid \d+\)$/);
    expect(waiting.state).toBe("starting");
    person.leave();
    expect(await rig.end(id)).toMatchObject({ state: "completed" });
  });

  it("keeps an attempt from starting its next part, gets what it had meanwhile, and lets it go on to its end", async () => {
    const test = (name: string): string =>
      [
        'import test from "node:test";',
        'import { appendFileSync, existsSync } from "node:fs";',
        'import { setTimeout } from "node:timers/promises";',
        `test("${name}", async () => { appendFileSync("ran", "${name} "); while (!existsSync("go")) await setTimeout(20); });`,
      ].join("\n");
    const rig = await workerRig(built, {
      categories: { e2e: "command: node --test test/*.test.mjs, shards: 2, max_memory: 64MiB" },
      files: { "test/a.test.mjs": test("a"), "test/b.test.mjs": test("b") },
    });
    const ran = (): string => {
      const file = path.join(rig.root, "ran");
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    };
    const id = await rig.enqueue("e2e");
    rig.startDaemon();
    await vi.waitUntil(() => ran() !== "", { timeout: 15_000 });
    const person = join();
    await rig.until(id, ({ progress }) => progress?.note?.startsWith("yields to ") ?? false);
    const everything = person.request({ what: "all", level: "layer", amounts: { memoryBytes: hostMemoryBytes() } });
    // What runs keeps what it has.
    expect(everything.tryTake()).toMatchObject({
      kind: "short",
      reason: expect.stringContaining(`apex bg cancel ${id}`),
    });
    rig.write("go", "");
    await vi.waitUntil(() => everything.tryTake().kind === "taken", { timeout: 10_000 });
    expect(ran().trim().split(" ")).toHaveLength(1);
    person.leave();
    expect(await rig.end(id)).toMatchObject({ state: "completed", result: { counts: { total: 2, passed: 2 } } });
    expect(ran().trim().split(" ").toSorted()).toEqual(["a", "b"]);
    expect(readFileSync(attemptLog(rig.place, id, 1), "utf8")).toMatch(/yields to a run of shop[^]*goes on/);
  });
});

describe("the code that an attempt tests", () => {
  it("is that of the snapshot, whatever has become of the work tree", async () => {
    const { rig, repository } = await projectInGit({ e2e: "command: sh e2e.sh" }, { "e2e.sh": "exit 1\n" });
    repository.write({ "e2e.sh": "test -f new.txt && exit 0\n", "new.txt": "not committed" });
    const id = await rig.enqueue("e2e", { isSnapshot: true });
    repository.write({ "e2e.sh": "exit 7\n", "apex.yaml": "broken: [\n" });
    rig.startDaemon();
    const task = await rig.end(id);
    expect(task.result).toMatchObject({ outcome: { status: "passed" } });
    await expect.poll(() => existsSync(path.join(rig.root, "test_reports/background_e2e", `${id}.json`))).toBe(true);
    const head = repository.git("rev-parse", "HEAD").trim();
    expect(rig.exported(id)["code"]).toEqual({
      ...{ tree: task.spec.snapshot?.tree, commit: head, branch: expect.any(String), dirty: true },
      ...{ snapshot: true, changed_meanwhile: false },
    });
    // Its check-out goes with the attempt.
    await expect.poll(() => namesIn(snapshotDirectory(rig.place)), { timeout: 5_000 }).toEqual([]);
  });

  it("is that of the snapshot with a config that was named, too, which is the snapshot's own", async () => {
    const { rig, repository } = await projectInGit({ e2e: "command: 'false'" }, { "e2e.sh": "exit 7\n" });
    repository.write({ "other.yaml": "categories: { e2e: { command: sh e2e.sh } }\n", "e2e.sh": "exit 0\n" });
    const config = path.join(rig.root, "other.yaml");
    const [task] = await built.api.enqueueCategories(rig.queue, await rig.config(), {
      ...{ categories: ["e2e"], options: {}, isSnapshot: true, configFile: config, by: { kind: "person" } },
    });
    repository.write({ "other.yaml": "categories: { e2e: { command: 'false' } }\n", "e2e.sh": "exit 7\n" });
    rig.startDaemon();
    expect(await rig.end(task?.taskId ?? "")).toMatchObject({ state: "completed" });
  });

  it("is not guessed for a config outside of the project, which no snapshot has", async () => {
    const { rig } = await projectInGit({ e2e: "command: 'true'" }, { a: "1" });
    const outside = path.join(path.dirname(rig.root), "outside.yaml");
    const [task] = await built.api.enqueueCategories(rig.queue, await rig.config(), {
      ...{ categories: ["e2e"], options: {}, isSnapshot: true, configFile: outside, by: { kind: "person" } },
    });
    rig.startDaemon();
    const { result } = await rig.end(task?.taskId ?? "");
    expect(result?.outcome).toMatchObject({
      status: "errored",
      reason: expect.stringContaining("outside of the project"),
    });
  });

  it("is checked out apart from that of another project of the same name", () => {
    const name = "a-project-whose-name-is-longer-than-what-anybody-would-keep-of-it";
    const one = snapshotDirectory(built.api.queuePlace(`/home/one/${name}/.apex`));
    const other = snapshotDirectory(built.api.queuePlace(`/home/other/${name}/.apex`));
    expect(one).not.toBe(other);
  });

  it("is said to have changed when it did while the tests ran", async () => {
    const command = `command: ${JSON.stringify("sh -c 'sleep 1'")}`;
    const { rig, repository } = await projectInGit({ e2e: command }, { "app.js": "1\n" });
    const id = await rig.enqueue("e2e");
    rig.startDaemon();
    await rig.until(id, ({ state, progress }) => state === "running" && progress?.inputs !== undefined);
    repository.write({ "app.js": "2\n" });
    expect(await rig.end(id)).toMatchObject({ result: { hasChangedMeanwhile: true } });
    const calm = await rig.enqueue("e2e");
    const { result } = await rig.end(calm);
    expect(result?.hasChangedMeanwhile ?? false).toBe(false);
    expect(result?.inputs).toMatchObject({ commit: repository.git("rev-parse", "HEAD").trim(), isDirty: true });
  });

  it("fails at once when somebody has removed the snapshot", async () => {
    const { rig, repository } = await projectInGit({ e2e: "command: 'true'" }, { a: "1" });
    const id = await rig.enqueue("e2e", { isSnapshot: true, maxRetries: 2 });
    for (const ref of repository.git("for-each-ref", "--format=%(refname)", "refs/apex").trim().split("\n")) {
      repository.git("update-ref", "-d", ref);
    }
    repository.git("reflog", "expire", "--expire=now", "--all");
    repository.git("gc", "-q", "--prune=now");
    rig.startDaemon();
    expect(await rig.end(id)).toMatchObject({ state: "failed", spent: 1, result: { outcome: { status: "errored" } } });
  });
});

async function projectInGit(
  categories: RigOptions["categories"],
  files: Record<string, string>,
): Promise<{ rig: WorkerRig; repository: Repository }> {
  const rig = await workerRig(built, { categories });
  const repository = new Repository(rig.root);
  repository.git("init", "-q", "-b", "main");
  repository.commit({ ...files, ".gitignore": "test_reports\nlogs\n" });
  return { rig, repository };
}

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
