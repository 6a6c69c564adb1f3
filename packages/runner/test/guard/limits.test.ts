import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { TreeUsage } from "../../src/guard/guard-protocol.ts";
import { ControlGroup, findControlGroupParent } from "../../src/guard/control-group.ts";
import { runProcess, type RunProcessOptions } from "../../src/process/run-process.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const mebibyte = 2 ** 20;

function run(script: string, options: Partial<RunProcessOptions> = {}) {
  const cwd = temporaryDirectory();
  const command = { kind: "argv", file: process.execPath, args: ["-e", script] } as const;
  return runProcess({ command, cwd, logFile: path.join(cwd, "log"), ...options });
}

/** Takes 20 MiB more every 20 ms, for ever: a gigabyte a second. */
const runaway = `const held = []; setInterval(() => held.push(Buffer.alloc(${20 * mebibyte}, 1)), 20);`;
/** Takes this much, and stays for a while. */
const takes = (bytes: number, ms: number): string =>
  `const held = Buffer.alloc(${bytes}, 1); setTimeout(() => held.fill(2), ${ms});`;
const group = findControlGroupParent();
const level = group ? "cgroup2" : "sampled";

describe.runIf(process.platform === "linux")("limits (R20)", () => {
  test("a runaway tree is killed, with the level that was really in force and its peak", async () => {
    const limit = 250 * mebibyte;
    // The child is what grows: the tree counts, not the command.
    const script = `child_process.spawn(process.execPath, ["-e", ${JSON.stringify(runaway)}]); setInterval(() => {}, 1000)`;
    const { limits, signal, terminated, leaked } = await run(script, { limits: { memoryBytes: limit } });
    expect(limits?.memory).toMatchObject({ requestedBytes: limit, enforcement: level, killedBy: "limit" });
    expect({ signal, terminated, leaked }).toEqual({ signal: "SIGKILL", terminated: undefined, leaked: [] });
    const peakBytes = limits?.memory?.peakBytes ?? 0;
    console.log(
      `R20: limit 250 MiB, growth about 1 GiB/s: level ${level}, killed at ${Math.round(peakBytes / mebibyte)} MiB`,
    );
    expect(peakBytes).toBeGreaterThan(limit * 0.9);
  });

  test("what stays below its limit is left alone, and its peak is told", async () => {
    const { exitCode, limits, usage } = await run(takes(150 * mebibyte, 700), {
      limits: { memoryBytes: 900 * mebibyte },
    });
    expect(exitCode).toBe(0);
    expect(limits?.memory?.killedBy).toBeUndefined();
    expect(limits?.memory?.peakBytes).toBeGreaterThan(150 * mebibyte);
    expect(usage?.peakMemoryBytes).toBe(limits?.memory?.peakBytes);
  });

  test("memory that processes share does not count twice", async () => {
    // Four processes that share 200 MiB: their resident sizes add up to more than 800.
    const script = `
import mmap, os, time
shared = mmap.mmap(-1, ${200 * mebibyte})
shared.write(b"x" * ${200 * mebibyte})
for _ in range(3):
    if os.fork() == 0:
        sum(shared[i] for i in range(0, ${200 * mebibyte}, 4096))
        time.sleep(1.2)
        os._exit(0)
time.sleep(1.5)
`;
    const { exitCode, limits } = await run("", {
      command: { kind: "argv", file: "python3", args: ["-c", script] },
      limits: { memoryBytes: 500 * mebibyte },
    });
    expect({ exitCode, killedBy: limits?.memory?.killedBy }).toEqual({ exitCode: 0, killedBy: undefined });
  });

  test("CPUs are said to be a mere hint where no control group enforces them, and the command has a lower priority", async () => {
    const { limits, exitCode } = await run("process.exit(os.getPriority() > 0 ? 1 : 0)", { limits: { cpus: 0.5 } });
    expect(limits?.cpu).toEqual({ requestedCpus: 0.5, enforcement: group ? "cgroup2" : "hint" });
    expect(exitCode).toBe(group ? 0 : 1);
  });

  test("no limits, nothing said of them; what the tree takes is sampled all the same", async () => {
    const samples: TreeUsage[] = [];
    const busy = "const end = Date.now() + 1600; while (Date.now() < end);";
    const { limits, usage } = await run(busy, { onSample: (sample) => samples.push(sample) });
    expect(limits).toBeUndefined();
    expect(samples.length).toBeGreaterThanOrEqual(2);
    expect(samples.every(({ processes, memoryBytes }) => processes === 1 && memoryBytes > 20 * mebibyte)).toBe(true);
    expect(Math.max(...samples.map(({ cpuPercent }) => cpuPercent))).toBeGreaterThan(30);
    expect(usage?.cpuMs).toBeGreaterThan(300);
  });
});

describe("a control group", () => {
  test("is not used where it cannot be made", () => {
    expect(ControlGroup.create({ directory: "/no/such/directory" }, "apex-1-1", { memoryBytes: 1 })).toBeUndefined();
  });

  test("is not used where the kernel offers no controller in it, and leaves nothing", () => {
    const directory = temporaryDirectory();
    expect(ControlGroup.create({ directory }, "apex-1-1", { memoryBytes: 1, cpus: 1 })).toBeUndefined();
    expect(() => readFileSync(path.join(directory, "apex-1-1"))).toThrow(/ENOENT/);
  });

  const mounted = process.platform === "linux" ? freshMount() : undefined;

  test.skipIf(mounted === undefined)("ends processes of several sessions that ignore SIGTERM at once", async () => {
    const name = `apex-test-${process.pid}`;
    const directory = path.join(mounted ?? "", name);
    mkdirSync(directory);
    onTestFinished(() => rmdirSync(directory));
    const cwd = temporaryDirectory();
    const script = `echo $$ > ${directory}/cgroup.procs; trap '' TERM; setsid sh -c "trap '' TERM; sleep 600" & sleep 600`;
    const exit = runProcess({ command: { kind: "shell", script }, cwd, logFile: path.join(cwd, "log") });
    const members = () => readFileSync(path.join(directory, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
    while (members().length < 3) await setTimeout(5);
    writeFileSync(path.join(directory, "cgroup.kill"), "1");
    expect(await exit).toMatchObject({ signal: "SIGKILL", leaked: [] });
    expect(members()).toEqual([]);
  });
});

/** Where this machine has the second version of control groups mounted, and lets us make one; else nothing. */
function freshMount(): string | undefined {
  const line = readFileSync("/proc/self/mountinfo", "latin1")
    .split("\n")
    .find((mount) => mount.includes(" - cgroup2 "));
  const directory = line?.split(" ")[4];
  if (directory === undefined) return undefined;
  const probe = path.join(directory, `apex-try-${process.pid}`);
  try {
    mkdirSync(probe);
    const canKill = readFileSync(path.join(probe, "cgroup.events")).length > 0;
    return canKill ? directory : undefined;
  } catch {
    return undefined;
  } finally {
    try {
      rmdirSync(probe);
    } catch {
      // Never made.
    }
  }
}
