import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runProcess, type RunProcessOptions } from "../../src/process/run-process.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { isRunning, waitForLine, waitUntil } from "../wait-until.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;

/** A node script as leader of a group, in a directory in which it and its children can write what the test waits for. */
function start(script: string, options: Partial<RunProcessOptions> = {}) {
  const cwd = temporaryDirectory();
  const controller = new AbortController();
  const command = { kind: "argv", file: process.execPath, args: ["-e", script] } as const;
  const logFile = path.join(cwd, "log.log");
  const exit = runProcess({ command, cwd, logFile, signal: controller.signal, graceMs: 10_000, ...options });
  const pidIn = async (name: string): Promise<number> => {
    const pid = Number(await waitForLine(path.join(cwd, name)));
    onTestFinished(() => {
      if (isRunning(pid)) process.kill(pid, "SIGKILL");
    });
    return pid;
  };
  return {
    exit,
    pidIn,
    abort: () => controller.abort(),
    log: () => readFileSync(logFile, "utf8"),
    exists: (name: string) => existsSync(path.join(cwd, name)),
  };
}

/** Source text that says "I am here" in a file, once whatever precedes it is in force. */
const writePid = (name: string): string => `fs.writeFileSync(${JSON.stringify(name)}, process.pid + "\\n");`;
const stayAlive = "setInterval(() => {}, 1000);";
const ignoreTerm = "process.on('SIGTERM', () => {});";
/** Source text that starts another node process in the same group. */
const spawnNode = (script: string): string =>
  `child_process.spawn(process.execPath, ["-e", ${JSON.stringify(script)}], { stdio: "ignore" }).unref();`;

describe("aborting", () => {
  test("ends the command and its grandchildren by SIGTERM", async () => {
    const { exit, pidIn, abort } = start(
      spawnNode(spawnNode(writePid("grandchild") + stayAlive) + writePid("child") + stayAlive) +
        writePid("leader") +
        stayAlive,
    );
    const pids = [await pidIn("leader"), await pidIn("child"), await pidIn("grandchild")];
    abort();
    expect(await exit).toMatchObject({ signal: "SIGTERM", terminated: "term", leaked: [] });
    expect(pids.map((pid) => isRunning(pid))).toEqual([false, false, false]);
  });

  test("lets the command clean up within the grace", async () => {
    const { exit, pidIn, abort, log } = start(
      `process.on("SIGTERM", () => { console.log("cleaning up"); process.exitCode = 4; clearInterval(timer); }); const timer = ${stayAlive}` +
        writePid("leader"),
    );
    await pidIn("leader");
    abort();
    expect(await exit).toMatchObject({ exitCode: 4, terminated: "term" });
    expect(log()).toBe("cleaning up\n");
  });

  test("kills what ignores SIGTERM once the grace is over", async () => {
    const { exit, pidIn, abort } = start(ignoreTerm + writePid("leader") + stayAlive, { graceMs: 100 });
    const pid = await pidIn("leader");
    abort();
    expect(await exit).toMatchObject({ signal: "SIGKILL", terminated: "kill", leaked: [] });
    expect(isRunning(pid)).toBe(false);
  });

  test("kills a grandchild that ignores SIGTERM although the command itself obeyed", async () => {
    const { exit, pidIn, abort } = start(
      spawnNode(ignoreTerm + writePid("grandchild") + stayAlive) + writePid("leader") + stayAlive,
      {
        graceMs: 100,
      },
    );
    await pidIn("leader");
    const pid = await pidIn("grandchild");
    abort();
    expect(await exit).toMatchObject({ signal: "SIGTERM", terminated: "kill", leaked: [] });
    expect(isRunning(pid)).toBe(false);
  });

  test("skips the grace as soon as the kill signal is given", async () => {
    const kill = new AbortController();
    const { exit, pidIn, abort, log } = start(
      `process.on("SIGTERM", () => console.log("ignored"));` + writePid("leader") + stayAlive,
      {
        killSignal: kill.signal,
        graceMs: 600_000,
      },
    );
    await pidIn("leader");
    abort();
    await waitUntil(() => log() === "ignored\n");
    kill.abort();
    expect(await exit).toMatchObject({ signal: "SIGKILL", terminated: "kill" });
  });

  test("kills at once when the kill signal comes alone", async () => {
    const kill = new AbortController();
    const { exit, pidIn, log } = start(
      `process.on("SIGTERM", () => console.log("asked"));` + writePid("leader") + stayAlive,
      {
        killSignal: kill.signal,
        graceMs: 600_000,
      },
    );
    await pidIn("leader");
    kill.abort();
    expect(await exit).toMatchObject({ signal: "SIGKILL", terminated: "kill" });
    expect(log()).toBe("");
  });

  test("starts nothing when it came before", async () => {
    const cwd = temporaryDirectory();
    const command = { kind: "argv", file: "touch", args: ["started"] } as const;
    const exit = await runProcess({ command, cwd, logFile: path.join(cwd, "log.log"), signal: AbortSignal.abort() });
    expect(exit).toMatchObject({ terminated: "term", leaked: [] });
    expect(() => readFileSync(path.join(cwd, "started"))).toThrow(/ENOENT/);
  });

  test("ends a process that has been stopped", async () => {
    const { exit, pidIn, abort } = start(writePid("leader") + stayAlive, { graceMs: 100 });
    process.kill(await pidIn("leader"), "SIGSTOP");
    abort();
    expect(await exit).toMatchObject({ terminated: "kill" });
  });

  test("after the exit changes nothing", async () => {
    const { exit, abort } = start("process.exit(0)");
    const result = await exit;
    abort();
    expect(result).toMatchObject({ exitCode: 0, durationMs: expect.any(Number), leaked: [] });
  });
});

describe("processes that outlive the command", () => {
  /** Exits as soon as the children named have written their files. */
  const exitAfter = (...names: string[]): string =>
    `const timer = setInterval(() => { if (${JSON.stringify(names)}.every((name) => fs.existsSync(name))) process.exit(0); }, 5);`;

  test("are ended and counted, and leave the exit code as it was", async () => {
    const child = (name: string): string => spawnNode(writePid(name) + stayAlive);
    const { exit, pidIn } = start(child("one") + child("two") + exitAfter("one", "two"));
    const pids = [await pidIn("one"), await pidIn("two")];
    expect(await exit).toMatchObject({
      exitCode: 0,
      durationMs: expect.any(Number),
      leaked: [expect.anything(), expect.anything()],
    });
    expect(pids.map((pid) => isRunning(pid))).toEqual([false, false]);
  });

  test("are killed when they ignore SIGTERM", async () => {
    const { exit, pidIn } = start(spawnNode(ignoreTerm + writePid("child") + stayAlive) + exitAfter("child"), {
      graceMs: 100,
    });
    const pid = await pidIn("child");
    expect(await exit).toMatchObject({ exitCode: 0, leaked: [expect.objectContaining({ pid })] });
    expect(isRunning(pid)).toBe(false);
  });

  test("are no leak when they were just about to go", async () => {
    // The child looks until its parent is gone, so it always outlives it, by a moment.
    const child = `touch child; while kill -0 $PPID 2>/dev/null; do sleep 0.001; done; touch gone`;
    const spawnShell = `child_process.spawn("sh", ["-c", ${JSON.stringify(child)}], { stdio: "ignore" }).unref();`;
    const { exit, exists } = start(spawnShell + exitAfter("child"));
    expect(await exit).toMatchObject({ exitCode: 0, leaked: [] });
    expect(exists("gone")).toBe(true);
  });

  test.runIf(process.platform === "linux" && hasPython)(
    "do not count when they are zombies that nobody collects",
    async () => {
      // The collector leaves the session with nothing in its environment, so nobody can tell whose it is. It never waits for its
      // child, which stays a member of the group and has ended: a zombie for as long as the collector lives. Node cannot fork,
      // Python can.
      const script = `
      import os, time
      if os.fork() == 0:
          child = os.fork()
          if child == 0:
              os._exit(0)
          os.setsid()
          open("zombie", "w").write(str(child) + "\\n")
          open("collector", "w").write(str(os.getpid()) + "\\n")
          os.execve("/bin/sleep", ["sleep", "600"], {})
      while not os.path.exists("collector"):
          time.sleep(0.005)
    `;
      const source = script
        .split("\n")
        .map((line) => line.slice(6))
        .join("\n");
      const { exit, pidIn } = start("", { command: { kind: "argv", file: "python3", args: ["-c", source] } });
      const collector = await pidIn("collector");
      const zombie = await pidIn("zombie");
      // The collector may have been seen while its parent lived; then it is a leak. The zombie is none, and nobody waits for it.
      const { exitCode, leaked, survivors } = await exit;
      expect({ exitCode, survivors }).toEqual({ exitCode: 0, survivors: undefined });
      expect(leaked.map(({ pid }) => pid).filter((pid) => pid !== collector)).toEqual([]);
      expect(isRunning(zombie)).toBe(false);
    },
  );
});
