import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, openSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

/** A real container engine with an image in which there is a shell. */
export interface TestEngine {
  /** The words before `run`. */
  readonly words: readonly [file: string, ...flags: string[]];
  /** Flags of `run` without which nothing runs in a sandbox. */
  readonly runFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly image: string;
  /** Processes that watch over its containers, as far as no daemon keeps them in order. */
  processes(): string[];
  /** Whether it says of a container that it was killed for its memory. */
  readonly tellsOom: boolean;
  stop(): Promise<void>;
}

/** Why there is no engine here. */
export interface NoEngine {
  readonly missing: string;
}

const run = promisify(execFile);

/** Docker: the engine that answers, or one that is started for the tests. */
export async function startDocker(): Promise<TestEngine | NoEngine> {
  const busybox = findBusybox();
  if (busybox === undefined) return { missing: "no static busybox to make an image of" };
  if (!isThere("docker")) return { missing: "no docker" };
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), "apex-docker-")));
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  const daemon = answers([]) ? undefined : await startDaemon(directory);
  if (daemon && "missing" in daemon) {
    remove();
    return daemon;
  }
  const env = daemon ? { DOCKER_HOST: daemon.host } : {};
  const words = ["docker"] as const;
  const image = await importImage({ words, env, directory, busybox });
  return {
    words,
    runFlags: ["--network", "none"],
    env,
    image,
    // Those are children of its daemon's.
    processes: () => [],
    tellsOom: true,
    stop: async () => {
      await run("docker", ["rmi", "-f", image], { env: { ...process.env, ...env } });
      await daemon?.stop();
      remove();
    },
  };
}

/** Podman, with a storage of its own. It has no daemon. */
export async function startPodman(): Promise<TestEngine | NoEngine> {
  const busybox = findBusybox();
  if (busybox === undefined) return { missing: "no static busybox to make an image of" };
  if (!isThere("podman")) return { missing: "no podman" };
  if (process.getuid?.() !== 0) return { missing: "not root" };
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), "apex-podman-")));
  const place = (name: string): string => path.join(directory, name);
  const storage = ["--root", place("root"), "--runroot", place("run"), "--tmpdir", place("tmp")];
  const ways = ["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file"];
  const words = ["podman", ...storage, ...ways] as const;
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  const runFlags = ["--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
  try {
    const image = await importImage({ words, env: {}, directory, busybox });
    await run(words[0], [
      ...words.slice(1),
      "run",
      "--rm",
      "--memory",
      "64m",
      ...runFlags,
      image,
      "/bin/sh",
      "-c",
      "true",
    ]);
    const stop = async (): Promise<void> => {
      await run(words[0], [...words.slice(1), "rm", "-fa"]);
      remove();
    };
    // Podman 4 always says no (containers/podman#13102).
    const version = await ask({ words, env: {} }, "version", "--format", "{{.Client.Version}}");
    const tellsOom = Number.parseInt(version, 10) >= 5;
    return { words, runFlags, env: {}, image, processes: () => naming(`${directory}/`), tellsOom, stop };
  } catch (error) {
    remove();
    return { missing: `podman cannot run a container here: ${String(error).split("\n").at(-2)}` };
  }
}

/** What the engine itself says, without anything of ours between. */
export async function ask({ words: [file, ...flags], env }: Asked, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run(file, [...flags, ...words], { env: { ...process.env, ...env } });
  return stdout.trim();
}

/** Names of all containers with a label, in whatever state. */
export async function containersWith(engine: Asked, label: string): Promise<string[]> {
  const names = await ask(engine, "ps", "-a", "--filter", `label=${label}`, "--format", "{{.Names}}");
  return names.split("\n").filter((name) => name !== "");
}

type Asked = Pick<TestEngine, "words" | "env">;

interface ImageOptions extends Asked {
  readonly directory: string;
  readonly busybox: string;
}

async function importImage({ words, env, directory, busybox }: ImageOptions): Promise<string> {
  const root = path.join(directory, "image");
  mkdirSync(path.join(root, "bin"), { recursive: true });
  copyFileSync(busybox, path.join(root, "bin/busybox"));
  for (const name of ["sh", "sleep"]) symlinkSync("busybox", path.join(root, "bin", name));
  const archive = path.join(directory, "image.tar");
  await run("tar", ["-C", root, "-cf", archive, "."]);
  const image = `apex-test-${process.pid}`;
  await ask({ words, env }, "import", archive, image);
  return image;
}

async function startDaemon(directory: string): Promise<{ host: string; stop(): Promise<void> } | NoEngine> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return { missing: "docker does not answer; not root" };
  if (!isThere("dockerd")) return { missing: "docker does not answer; no dockerd" };
  const place = (name: string): string => path.join(directory, name);
  const host = `unix://${place("socket")}`;
  const places = ["--data-root", place("data"), "--exec-root", place("exec"), "--pidfile", place("pid"), "-H", host];
  const log = openSync(place("log"), "a");
  const network = ["--iptables=false", "--bridge=none"];
  const daemon = spawn("dockerd", [...places, ...network, "--storage-driver", "vfs"], { stdio: ["ignore", log, log] });
  const gone = once(daemon, "exit");
  const stop = async (): Promise<void> => {
    daemon.kill("SIGTERM");
    await gone;
  };
  for (let tries = 0; tries < 100; tries += 1) {
    if (answers(["-H", host])) return { host, stop };
    if (daemon.exitCode !== null) return { missing: `dockerd ended with exit code ${daemon.exitCode}` };
    await setTimeout(100);
  }
  await stop();
  return { missing: "dockerd does not answer within 10 seconds" };
}

function answers(flags: readonly string[]): boolean {
  return spawnSync("docker", [...flags, "version"], { stdio: "ignore", timeout: 5_000 }).status === 0;
}

/** Monitors of Podman's containers that name a place in their command line. */
function naming(place: string): string[] {
  const { stdout } = spawnSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line.includes("conmon") && line.includes(place));
}

function isThere(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** A program that needs nothing beside it. */
function findBusybox(): string | undefined {
  if (process.platform !== "linux") return undefined;
  return ["/usr/bin/busybox", "/bin/busybox"].find((file) => {
    const { stdout, stderr, status } = spawnSync("ldd", [file], { encoding: "utf8" });
    return status !== null && /not a dynamic|statically linked/.test(stdout + stderr);
  });
}

/** A label for the containers of one test; what is left of them goes with the test. */
export function ownLabel(engine: Asked): string {
  const label = `apex-test=${crypto.randomUUID()}`;
  onTestFinished(async () => {
    const left = await containersWith(engine, label);
    if (left.length > 0) await ask(engine, "rm", "-f", ...left);
  });
  return label;
}
