import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ProcessGuard } from "../../src/guard/process-guard.ts";
import { runProcess, type RunProcessOptions } from "../../src/process/run-process.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { isRunning, waitForLine, waitUntil } from "../wait-until.ts";
import { markProcesses } from "./marked-processes.ts";

function start(script: string, options: Partial<RunProcessOptions> = {}) {
  const cwd = temporaryDirectory();
  const logFile = path.join(cwd, "log");
  const exit = runProcess({ command: { kind: "shell", script }, cwd, logFile, graceMs: 5_000, ...options });
  return {
    exit,
    log: () => readFileSync(logFile, "utf8"),
    line: (name: string) => waitForLine(path.join(cwd, name)),
  };
}

function startGuard(): ProcessGuard {
  const guard = new ProcessGuard();
  onTestFinished(() => guard.close());
  return guard;
}

describe.runIf(process.platform === "linux")("what leaves the session of its command", () => {
  test("is ended and named after a success", async () => {
    const { exit, line } = start(
      "setsid sh -c 'echo $$ > escaped; sleep 601' & while [ ! -s escaped ]; do sleep 0.01; done",
    );
    const escaped = Number(await line("escaped"));
    const { exitCode, leaked } = await exit;
    expect(exitCode).toBe(0);
    expect(leaked.map(({ command }) => command).join()).toContain("sleep 601");
    expect(isRunning(escaped)).toBe(false);
  });

  test("is ended with it at an abort, also when it ignores SIGTERM", async () => {
    const controller = new AbortController();
    const stubborn = `setsid sh -c "trap '' TERM; echo \\$\\$ > escaped; while :; do sleep 0.1; done" & sleep 601`;
    const { exit, line } = start(stubborn, { signal: controller.signal, graceMs: 200 });
    const escaped = Number(await line("escaped"));
    controller.abort();
    expect(await exit).toMatchObject({ terminated: "kill", leaked: [] });
    expect(isRunning(escaped)).toBe(false);
  });

  test("is found although it has wiped its environment, when its parent was seen", async () => {
    // Servers that change their title write over their environment, too.
    const wiping = "(setsid env -i sleep 603; true) & sleep 0.8; pkill -f 'sleep 60[3]' -0";
    const { exit } = start(wiping);
    const { leaked } = await exit;
    expect(leaked.map(({ command }) => command).join()).toContain("sleep 603");
    expect(sleepers("603")).toEqual([]);
  });

  test("is found although it keeps forking", async () => {
    const marked = markProcesses();
    const forking = "setsid sh -c 'while :; do (sleep 0.02; true) & sleep 0.01; done' & sleep 0.3";
    const { exit } = start(forking, { env: marked.env });
    expect((await exit).leaked.length).toBeGreaterThan(0);
    expect(marked.living()).toEqual([]);
  });

  test("in a pid namespace cannot escape, not even without environment", async (context) => {
    const controller = new AbortController();
    const escape = "setsid env -i sh -c 'exec sleep 607' & echo up > up; sleep 601";
    const { exit, line } = start(escape, { signal: controller.signal, isolation: "pidns" });
    const early = await Promise.race([exit, line("up")]);
    if (typeof early !== "string") context.skip(early.spawnError?.message ?? "no pid namespaces here");
    await waitUntil(() => sleepers("607").length > 0);
    controller.abort();
    expect(await exit).toMatchObject({ terminated: expect.stringMatching(/term|kill/) });
    expect(sleepers("607")).toEqual([]);
  });
});

describe("isolation: pidns", () => {
  test("reports the exit code of the command inside", async (context) => {
    const { exitCode, spawnError } = await start("exit 7", { isolation: "pidns" }).exit;
    context.skip(spawnError !== undefined, spawnError?.message);
    expect(exitCode).toBe(7);
  });
});

describe("a guard that is killed", () => {
  test.runIf(process.platform === "linux")(
    "is followed by another one, which ends what is left; the runs hear of it",
    async () => {
      const guard = startGuard();
      const marked = markProcesses();
      const { exit, line } = start("sleep 602 & echo $PPID > guard; wait", { guard, env: marked.env });
      process.kill(Number(await line("guard")), "SIGKILL");
      const { guardLost, exitCode } = await exit;
      expect(guardLost).toMatch(/the guard of the processes was killed \(SIGKILL\), and they were ended/);
      expect(exitCode).toBeUndefined();
      expect(marked.living()).toEqual([]);
      expect((await start("exit 4", { guard }).exit).exitCode).toBe(4);
    },
  );
});

describe("masking", () => {
  test.each([{ mask: { values: ["x"], patterns: [] } }, { limits: { cpus: 1 } }])(
    "a program that does not exist is named as ever, with %j",
    async (options) => {
      const cwd = temporaryDirectory();
      const command = { kind: "argv", file: "no-such-program", args: [] } as const;
      const { spawnError } = await runProcess({ command, cwd, logFile: path.join(cwd, "log"), ...options });
      expect(spawnError).toMatchObject({ code: "APEX_COMMAND_NOT_FOUND" });
    },
  );

  test.runIf(existsSync("/dev/full"))("a log that cannot be written costs its rest, not the run", async () => {
    const cwd = temporaryDirectory();
    const command = { kind: "shell", script: "seq 1 50000; exit 5" } as const;
    const mask = { values: ["never there"], patterns: [] };
    const exit = await runProcess({ command, cwd, logFile: "/dev/full", mask });
    expect(exit).toMatchObject({ exitCode: 5, leaked: [] });
  });

  test("replaces values and patterns in the log, whatever pieces they come in, and keeps the order of both outputs", async () => {
    const script =
      "printf 'the pass'; sleep 0.05; printf 'word is hunter2\\n'; echo 'key sk-abc and more' >&2; echo plain";
    const mask = { values: ["hunter2", "hunter2-long"], patterns: ["sk-[a-z]+"] };
    const { exit, log } = start(script, { mask });
    expect((await exit).exitCode).toBe(0);
    expect(log()).toBe("the password is ***\nkey *** and more\nplain\n");
  });

  test("loses nothing of a big output", async () => {
    const lines = 200_000;
    const { exit, log } = start(`seq 1 ${lines}`, { mask: { values: ["not there"], patterns: [] } });
    await exit;
    expect(log().trimEnd().split("\n")).toHaveLength(lines);
  });
});

test("a guard does not keep its process alive once nothing runs", () => {
  const script = `import { ProcessGuard } from ${JSON.stringify(path.resolve(import.meta.dirname, "../../src/guard/process-guard.ts"))};
    const guard = new ProcessGuard();
    const run = guard.run({ command: { kind: "argv", file: "true", args: [] }, cwd: "/", env: {}, logFile: process.argv[1], graceMs: 100 });
    console.log((await run.result).exit.exitCode);`;
  const logFile = path.join(temporaryDirectory(), "log");
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script, logFile], {
    timeout: 15_000,
  });
  expect({ stdout: stdout.toString(), status }).toEqual({ stdout: "0\n", status: 0 });
});

function sleepers(seconds: string): string[] {
  const { stdout } = spawnSync("pgrep", ["-f", `sleep ${seconds}`]);
  return stdout.toString().split("\n").filter(Boolean);
}
