import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { isAlive, until } from "./rig/project.ts";
import { processesOf, QueueProject } from "./rig/queue-project.ts";
import { hasTerminal, startInTerminal } from "./rig/terminal.ts";

const notOnLinux = process.platform === "linux" ? "" : " (skipped: only on linux)";

/** `e2e` notes that it ran and ends when there is a file `go`; `stubborn` is a tree that ignores TERM. */
function project(): QueueProject {
  return new QueueProject({
    "apex.yaml": `categories:
  smoke: { command: "true" }
  e2e: { command: sh e2e.sh }
  stubborn: { command: sh stubborn.sh }
layers:
  fast_feedback: { categories: [smoke] }
  e2e_background: { categories: [e2e, stubborn] }
`,
    "e2e.sh": "echo $$ >> e2e.pids\nuntil [ -e go ]; do sleep 0.05; done\necho ran >> e2e.ran\n",
    "stubborn.sh": `trap '' TERM INT HUP
sh -c "trap '' TERM INT HUP; setsid sh -c \\"trap '' TERM INT HUP; echo \\\\$\\\\$ > session.pid; sleep 300; sleep 300\\" & echo \\$\\$ > child.pid; sleep 300; sleep 300" &
echo $$ > root.pid
while :; do sleep 300; done
`,
  });
}

describe.skipIf(process.platform !== "linux")(`what was queued${notOnLinux}`, () => {
  it("is on the disk when its id is printed: with everything killed right then, a later command runs it", async () => {
    const apex = project();
    const add = apex.start(["bg", "add", "e2e"]);
    const id = await new Promise<string>((resolve) => {
      add.stdout.on("data", (bytes: Buffer) => resolve(bytes.toString().split("  ")[0] ?? ""));
    });
    add.kill("SIGKILL");
    await add;
    // The worker, if it has come that far, and all that it has started.
    for (const pid of processesOf(apex.root)) kill(pid);
    apex.write("go", "");
    expect((await apex.apex("bg", "wait", id)).stdout).toMatch(new RegExp(`^${id}  passed(, attempt \\d)?\n$`));
    expect(apex.lines("e2e.ran")).toEqual(["ran"]);
  });

  it.skipIf(!hasTerminal)("goes on when the terminal is closed", async () => {
    const apex = project();
    const terminal = startInTerminal(apex, ["bg", "add", "e2e", "--wait"], apex.env);
    await apex.pidIn("e2e.pids");
    // What a terminal that is closed sends to those in it.
    terminal.send("SIGHUP");
    await terminal.ended();
    apex.write("go", "");
    expect((await apex.apex("bg", "wait", "latest")).stdout).toMatch(/^e2e-\w+ {2}passed\n$/);
    expect(apex.lines("e2e.ran")).toEqual(["ran"]);
  });

  it("goes on when the worker is killed, and the next command starts another one that finds it", async () => {
    const apex = project();
    const e2e = await apex.add("e2e");
    await apex.started(e2e);
    const smoke = await apex.add("smoke");
    const first = await apex.workerPid();
    kill(first);
    await until(() => !isAlive(first), "the worker is gone");
    expect((await apex.apex("bg", "status")).stdout).toContain(`\n${e2e}  running  `);
    let second = 0;
    for (let look = 0; look < 100 && second === 0; look += 1) second = await apex.workerPid();
    expect(second).not.toBe(first);
    apex.write("go", "");
    expect((await apex.apex("bg", "wait", e2e, smoke)).stdout).toBe(`${e2e}  passed\n${smoke}  passed\n`);
    expect(apex.lines("e2e.pids")).toHaveLength(1);
    expect(apex.lines("e2e.ran")).toEqual(["ran"]);
  });

  it("ends with the last process of its tree when it is cancelled, though all of that ignores signals", async () => {
    const apex = project();
    const id = await apex.add("stubborn");
    const pids = [await apex.pidIn("root.pid"), await apex.pidIn("child.pid"), await apex.pidIn("session.pid")];
    expect(pids.filter((pid) => isAlive(pid))).toEqual(pids);
    const killed = await apex.apex("--kill-background", id);
    expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
    expect(killed).toMatchObject({ exitCode: 0, stdout: `${id}  cancelled, nothing of it runs any more\n` });
    expect((await apex.apex("--kill-background", id)).stdout).toBe(`${id}  was over already: cancelled\n`);
    expect(await apex.told("bg", "results")).toMatchObject([
      { task_id: id, status: "cancelled", error_message: "cancelled by a person", attempts: [{ attempt: 1 }] },
    ]);
  });

  it("never starts when it is cancelled while it waits", async () => {
    const apex = project();
    await apex.add("stubborn");
    await apex.pidIn("session.pid");
    const e2e = await apex.add("e2e");
    const { stdout } = await apex.apex("--kill-background", "ALL");
    expect(stdout.split("\n")).toEqual([
      `${e2e}  cancelled, it never starts`,
      expect.stringMatching(/^stubborn-\w+ {2}cancelled, nothing of it runs any more$/),
      "",
    ]);
    expect((await apex.apex("bg", "logs", e2e)).stderr).toBe(`${e2e} was never started\n`);
    await apex.add("smoke", "--wait");
    expect(apex.has("e2e.pids")).toBe(false);
  });

  it("stays queued when the worker is stopped before it has come up, and that worker goes", async () => {
    const apex = project();
    for (let round = 0; round < 4; round += 1) {
      const id = await apex.add("e2e", "--separate");
      const { exitCode } = await apex.apex("bg", "stop");
      expect(exitCode).toBe(0);
      await until(() => processesOf(apex.root).length === 0, "the worker is gone");
      expect((await apex.told("bg", "show", id))[0]).toMatchObject({ status: "queued" });
    }
    expect(await apex.told("bg", "results")).toEqual([]);
    expect((await apex.apex("bg")).stdout).toContain("4 waiting · the worker was stopped (apex bg worker starts it)");
  });

  it("waits when a worker in the foreground is interrupted: nobody is started in its place", async () => {
    const apex = project();
    const worker = apex.start(["bg", "worker", "--foreground"]);
    await until(() => apex.has(".apex/background/worker.log"), "the worker is there");
    const id = await apex.add("e2e");
    await apex.pidIn("e2e.pids");
    worker.kill("SIGINT");
    expect((await worker).exitCode).toBe(0);
    expect(processesOf(apex.root)).toEqual([]);
    expect(await apex.told("bg", "results")).toEqual([]);
    await apex.apex("bg", "stop");
    expect((await apex.told("bg", "show", id))[0]).toMatchObject({ status: "queued" });
  });

  it("is ended by a stop although its worker is gone, and queued again", async () => {
    const apex = project();
    const id = await apex.add("e2e");
    await apex.pidIn("e2e.pids");
    const [status] = await apex.told("bg", "status");
    const worker = status?.["worker"] as { readonly pid: number } | undefined;
    if (!worker) throw new Error("there is no worker");
    kill(worker.pid);
    const { stdout } = await apex.apex("bg", "stop");
    expect(stdout).toBe("there was no worker; what it had left running is ended, 1 waiting (apex bg worker goes on)\n");
    expect(processesOf(apex.root)).toEqual([]);
    expect((await apex.told("bg", "show", id))[0]).toMatchObject({ status: "queued" });
  });

  it("has its result exported by the next worker when the one before was killed before it could", async () => {
    const apex = project();
    const id = await apex.add("smoke");
    await apex.apex("bg", "wait", id);
    await until(() => apex.has(`test_reports/background_e2e/${id}.json`), "the result is exported");
    await apex.apex("bg", "stop");
    rmSync(path.join(apex.root, "test_reports"), { recursive: true });
    // What is removed when it has been exported stays removed.
    const kept = path.join(apex.root, ".apex/background", id);
    for (const name of readdirSync(kept)) if (name.startsWith("settled-")) rmSync(path.join(kept, name));
    await apex.apex("bg", "worker");
    await until(() => apex.has(`test_reports/background_e2e/${id}.json`), "the result is exported again");
    expect(readdirSync(path.join(apex.root, "test_reports/background_e2e"))).toEqual([`${id}.json`]);
  });
});

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
