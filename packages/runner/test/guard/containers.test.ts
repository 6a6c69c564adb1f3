import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { FoundProcess } from "../../src/guard/guard-protocol.ts";
import { ProcessGuard } from "../../src/guard/process-guard.ts";
import { runProcess, type RunProcessOptions } from "../../src/process/run-process.ts";
import { decideVerdict } from "../../src/verdict.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import {
  ask,
  containersWith,
  type NoEngine,
  ownLabel,
  startDocker,
  startPodman,
  type TestEngine,
} from "./container-engines.ts";

interface FailedOutcome {
  readonly status: string;
  readonly reason?: string;
}

const mebibyte = 2 ** 20;
/** Doubles a string for ever. */
const runaway = "x=aaaaaaaa; while :; do x=$x$x; done";
/** The first process of a container ignores signals that it has no handler for. */
const stubborn = "while :; do sleep 1; done";
/** Runs until it is asked to end. */
const waiting = "trap 'exit 0' TERM; while :; do sleep 0.05; done";
const noTests = { total: 0, passed: 0, failed: 0, skipped: 0, flaky: 0 };
const program = path.join(import.meta.dirname, "programs", "orchestrator.mjs");

describe.each([
  ["docker", startDocker],
  ["podman", startPodman],
])("a container of %s", (name, start) => {
  let started: TestEngine | NoEngine | undefined;
  let engine: TestEngine;

  beforeAll(async () => {
    started = await start();
    if ("missing" in started) console.log(`containers of ${name} are not tested: ${started.missing}`);
    else engine = started;
  }, 60_000);
  afterAll(async () => {
    if (started && !("missing" in started)) await started.stop();
  });
  beforeEach((context) => {
    const missing = started && "missing" in started ? started.missing : undefined;
    context.skip(missing !== undefined, missing);
  });

  function commandOf(script: string, flags: readonly string[]) {
    const label = ownLabel(engine);
    const [file, ...words] = engine.words;
    const args = [
      ...words,
      "run",
      ...engine.runFlags,
      "--label",
      label,
      ...flags,
      engine.image,
      "/bin/sh",
      "-c",
      script,
    ];
    const inspect = async (format: string): Promise<string> => {
      for (;;) {
        const [found] = await containersWith(engine, label);
        if (found !== undefined) return ask(engine, "inspect", "--type", "container", "--format", format, found);
        await setTimeout(20);
      }
    };
    const isUp = async (): Promise<void> => {
      while ((await inspect("{{.State.Running}}")) !== "true") await setTimeout(20);
    };
    // Until it is heard: the first process may not have got as far as to listen.
    const release = async (): Promise<void> => {
      for (let isThere = true; isThere;) {
        const [found] = await containersWith(engine, label);
        const asked = found !== undefined && ask(engine, "kill", "--signal", "TERM", found);
        isThere = await Promise.resolve(asked).then(
          (answer) => answer !== false,
          () => false,
        );
        await setTimeout(20);
      }
    };
    return {
      release,
      command: { kind: "argv", file, args } as const,
      left: () => containersWith(engine, label),
      inspect,
      isUp,
    };
  }

  function run(script: string, flags: readonly string[] = [], options: Partial<RunProcessOptions> = {}) {
    const made = commandOf(script, flags);
    const cwd = temporaryDirectory();
    const { command } = made;
    const exit = runProcess({
      command,
      cwd,
      logFile: path.join(cwd, "log"),
      env: engine.env,
      graceMs: 300,
      ...options,
    });
    return { ...made, cwd, exit };
  }

  test.each([["as it is"], ["with --rm", "--rm"]])(
    "that takes too much memory is killed by the engine, and the verdict says so, %s",
    async (_, ...flags) => {
      const { exit, left } = run(runaway, flags, { limits: { memoryBytes: 32 * mebibyte } });
      const done = await exit;
      expect(await left()).toEqual([]);
      const inForce = { requestedBytes: 32 * mebibyte, enforcement: "container" };
      const memory = engine.tellsOom ? { ...inForce, killedBy: "limit" } : inForce;
      expect(done).toMatchObject({ exitCode: 137, limits: { memory }, leaked: [] });
      // What could be seen is the client's.
      expect(done).not.toHaveProperty("usage");
      const { status, reason } = decideVerdict({ exit: done, counts: noTests, allowNoTests: false }) as FailedOutcome;
      expect(status).toBe("failed");
      const said = "over its memory limit (32 MiB, enforced by container) and killed";
      expect(reason).toMatch(engine.tellsOom ? said : /^exit code 137 .*the kernel killed \d+ process/);
    },
  );

  test("that ends with 137 by itself has not broken its limit", async () => {
    const { exit } = run("exit 137", [], { limits: { memoryBytes: 32 * mebibyte } });
    const { exitCode, limits } = await exit;
    expect({ exitCode, limits }).toEqual({
      exitCode: 137,
      limits: { memory: { requestedBytes: 32 * mebibyte, enforcement: "container" } },
    });
  });

  test("has its limits and its label from the start, and nothing is left of it after a success", async () => {
    const format = '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{index .Config.Labels "netra-apex.process"}}';
    const limits = { memoryBytes: 64 * mebibyte, cpus: 0.5 };
    const { exit, inspect, left, cwd, release } = run(waiting, [], { limits });
    const bytes = String(64 * mebibyte);
    const [memory, swap, tag] = (await inspect(format)).split(" ");
    expect([memory, swap]).toEqual([bytes, bytes]);
    expect(tag).toMatch(/^\S+-\d+-\d+\.1$/);
    expect(await inspect("{{.HostConfig.NanoCpus}}")).toBe("500000000");
    await release();
    expect(await exit).toMatchObject({
      exitCode: 0,
      leaked: [],
      limits: {
        memory: { requestedBytes: limits.memoryBytes, enforcement: "container" },
        cpu: { requestedCpus: 0.5, enforcement: "container" },
      },
    });
    expect(await left()).toEqual([]);
    expect(readdirSync(cwd)).toEqual(["log"]);
  });

  test("keeps the limits, the name and the file for its id that its user gave", async () => {
    const mine = `mine-${process.pid}`;
    const flags = ["--memory", "48m", "--cpus=0.25", "--name", mine, "--cidfile", "id"];
    const { exit, inspect, cwd, left, release } = run(waiting, flags, { limits: { memoryBytes: 2 ** 30, cpus: 1 } });
    expect(await inspect("{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}")).toBe(`${48 * mebibyte} 250000000`);
    expect(await left()).toEqual([mine]);
    await release();
    expect((await exit).limits).toEqual({
      memory: { requestedBytes: 48 * mebibyte, enforcement: "container" },
      cpu: { requestedCpus: 0.25, enforcement: "container" },
    });
    expect(readFileSync(path.join(cwd, "id"), "utf8")).toMatch(/^[0-9a-f]{64}$/);
    expect(await left()).toEqual([]);
  });

  test("whose user takes the limit away has none, and that is told", async () => {
    const { exit } = run("true", ["--memory", "0"], { limits: { memoryBytes: 64 * mebibyte } });
    expect((await exit).limits?.memory).toEqual({ requestedBytes: 64 * mebibyte, enforcement: "none" });
  });

  test("takes its anonymous volumes with it where --rm asks for that", async () => {
    const { exit, isUp, inspect, release } = run(waiting, ["--rm", "-v", "/data"], { limits: { cpus: 0.5 } });
    await isUp();
    const volume = await inspect("{{(index .Mounts 0).Name}}");
    expect(await ask(engine, "volume", "ls", "-q")).toContain(volume);
    await release();
    expect((await exit).exitCode).toBe(0);
    expect(await ask(engine, "volume", "ls", "-q")).not.toContain(volume);
  });

  test.each([[[]], [["--rm"]]])("is gone after an abort, with flags %j", async (flags) => {
    const controller = new AbortController();
    const { exit, isUp, left } = run(stubborn, flags, { signal: controller.signal });
    await isUp();
    controller.abort();
    expect(await exit).toMatchObject({ terminated: "kill", leaked: [] });
    expect(await left()).toEqual([]);
  });

  test("is gone after an abort at any moment of its start", { timeout: 60_000 }, async () => {
    for (const afterMs of [10, 60, 90, 120, 150, 180, 210, 300]) {
      const controller = new AbortController();
      const { exit, left } = run(stubborn, [], { signal: controller.signal, graceMs: 0 });
      await setTimeout(afterMs);
      controller.abort();
      expect((await exit).terminated).toBeDefined();
      const after = { afterMs, left: await left(), processes: engine.processes() };
      expect(after).toEqual({ afterMs, left: [], processes: [] });
    }
  });

  test("that its command leaves running is ended and told", async () => {
    const { exit, left } = run(stubborn, ["-d", "--name", `left-${process.pid}`]);
    const { exitCode, leaked } = await exit;
    expect({ exitCode, commands: leaked.map(({ command }) => command) }).toEqual({
      exitCode: 0,
      commands: [`container left-${process.pid}`],
    });
    expect(await left()).toEqual([]);
  });

  test("does not keep other commands waiting while it is removed", async () => {
    const guard = new ProcessGuard();
    onTestFinished(() => guard.close());
    const controller = new AbortController();
    const { exit, isUp } = run(stubborn, [], { guard, signal: controller.signal, graceMs: 0 });
    await isUp();
    controller.abort();
    const over = exit.then(() => true);
    const cwd = temporaryDirectory();
    let slowestMs = 0;
    while (!(await Promise.race([over, setTimeout(1, false)]))) {
      const command = { kind: "argv", file: "true", args: [] } as const;
      const { durationMs } = await runProcess({ command, cwd, logFile: path.join(cwd, "log"), guard });
      slowestMs = Math.max(slowestMs, durationMs);
    }
    expect(slowestMs).toBeLessThan(1_000);
  });

  function startOrchestrator() {
    const { command, left, isUp } = commandOf(stubborn, []);
    const task = { commands: [command], logDirectory: temporaryDirectory(), graceMs: 300 };
    const env = { ...process.env, ...engine.env };
    const orchestrator = spawn(process.execPath, [program, JSON.stringify(task)], { env, stdio: "ignore" });
    return { orchestrator, left, isUp };
  }

  test("is gone soon after its orchestrator was killed", async () => {
    const { orchestrator, left, isUp } = startOrchestrator();
    await isUp();
    orchestrator.kill("SIGKILL");
    const killedAt = performance.now();
    while ((await left()).length > 0) await setTimeout(20);
    const tookMs = Math.round(performance.now() - killedAt);
    console.log(`${name}: orchestrator killed, container gone after ${tookMs} ms (300 ms of it grace)`);
    expect(tookMs).toBeLessThan(5_000);
  });

  test("whose guard was killed, too, is removed before the first container of the next, and not before", async () => {
    const { orchestrator, left, isUp } = startOrchestrator();
    await isUp();
    const children = readFileSync(`/proc/${orchestrator.pid}/task/${orchestrator.pid}/children`, "latin1");
    process.kill(Number(children.split(" ")[0]), "SIGKILL");
    orchestrator.kill("SIGKILL");
    await once(orchestrator, "exit");

    const found: FoundProcess[] = [];
    const guard = new ProcessGuard({ onAbandoned: (abandoned) => void found.push(...abandoned) });
    onTestFinished(() => guard.close());
    const cwd = temporaryDirectory();
    const command = { kind: "argv", file: "true", args: [] } as const;
    await runProcess({ command, cwd, logFile: path.join(cwd, "log"), guard });
    const [forgotten] = await left();
    expect(forgotten).toBeDefined();
    expect((await run("true", [], { guard }).exit).exitCode).toBe(0);
    expect(await left()).toEqual([]);
    expect(found.map((one) => one.command)).toContain(`container ${forgotten}`);
  });
});

describe("an engine that does not answer", () => {
  test("fails its command alone, at once", async (context) => {
    const docker = ["/usr/bin/docker", "/usr/local/bin/docker"].find((file) => existsSync(file));
    context.skip(docker === undefined, "no docker");
    const cwd = temporaryDirectory();
    const env = { DOCKER_HOST: `unix://${cwd}/nobody` };
    const command = { kind: "argv", file: docker ?? "", args: ["run", "image"] } as const;
    const { exitCode, durationMs, leaked, survivors } = await runProcess({
      command,
      cwd,
      logFile: path.join(cwd, "log"),
      env,
    });
    expect({ exitCode, leaked, survivors }).toEqual({
      exitCode: expect.toBeOneOf([1, 125]),
      leaked: [],
      survivors: undefined,
    });
    expect(durationMs).toBeLessThan(5_000);
    expect(readFileSync(path.join(cwd, "log"), "utf8")).toMatch(/docker daemon/i);
  });
});
