import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

/** A real engine of the tests' own, so that it may be killed, with two images in which there is a shell. */
export interface TestEngine {
  readonly directory: string;
  /** As `DOCKER_HOST` takes it. */
  readonly url: string;
  /** `checked` has a health check, which passes while there is a file `/tmp/ok`; Podman imports none. */
  readonly images: { readonly plain: string; readonly checked: string };
  /** Asks it with its own program, without anything of ours between. */
  ask(...words: readonly string[]): Promise<string>;
  /** Ids of all its containers, and of networks that are not its own. */
  left(): Promise<{ containers: string[]; networks: string[]; volumes: string[] }>;
  /** Processes of containers, and those that serve their ports. */
  processes(): string[];
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Why there is no engine here. */
export interface NoEngine {
  readonly missing: string;
}

const run = promisify(execFile);

/** Docker's daemon with a place, a socket and networks of its own. */
export async function startDocker(): Promise<TestEngine | NoEngine> {
  const missing = whatIsMissing(["docker", "dockerd"]);
  if (missing !== undefined) return { missing };
  return startEngine("docker", (directory) => {
    const place = (name: string): string => path.join(directory, name);
    const places = ["--data-root", place("data"), "--exec-root", place("exec"), "--pidfile", place("pid")];
    const network = ["--iptables=false", "--ip6tables=false", "--bridge=none"];
    return ["dockerd", ...places, ...network, "--storage-driver", "vfs", "-H", `unix://${place("socket")}`];
  });
}

/** Podman's service with a storage of its own. */
export async function startPodman(): Promise<TestEngine | NoEngine> {
  const missing = whatIsMissing(["docker", "podman"]);
  if (missing !== undefined) return { missing };
  return startEngine("podman", (directory) => {
    const place = (name: string): string => path.join(directory, name);
    const storage = ["--root", place("data"), "--runroot", place("exec"), "--tmpdir", place("tmp")];
    const ways = ["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file"];
    return ["podman", ...storage, ...ways, "system", "service", "--time", "0", `unix://${place("socket")}`];
  });
}

function whatIsMissing(programs: readonly string[]): string | undefined {
  if (process.platform !== "linux") return `only on linux: ${programs.at(-1)} runs nowhere else`;
  if (process.getuid?.() !== 0) return "not root";
  if (findBusybox() === undefined) return "no static busybox to make an image of";
  return programs.filter((program) => !isThere(program)).map((program) => `no ${program}`)[0];
}

async function startEngine(
  kind: "docker" | "podman",
  wordsFor: (directory: string) => readonly string[],
): Promise<TestEngine | NoEngine> {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), `apex-${kind}-`)));
  const url = `unix://${path.join(directory, "socket")}`;
  const [file = "", ...args] = wordsFor(directory);
  // Podman asks for more open files than a sandbox has to give.
  writeFileSync(
    path.join(directory, "containers.conf"),
    '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n',
  );
  const daemonEnv = { ...process.env, CONTAINERS_CONF: path.join(directory, "containers.conf") };
  const env = { ...process.env, DOCKER_HOST: url, DOCKER_CONFIG: path.join(directory, "config") };
  const ask = async (...words: readonly string[]): Promise<string> => {
    const { stdout } = await run("docker", [...words], { env });
    return stdout.trim();
  };
  const linesOf = async (...words: readonly string[]): Promise<string[]> => {
    return (await ask(...words)).split("\n").filter((line) => line !== "");
  };
  const ownNetworks = async (): Promise<string[]> => {
    const names = await linesOf("network", "ls", "--format", "{{.Name}}");
    return names.filter((name) => !["bridge", "host", "none", "podman"].includes(name));
  };
  let daemon: ChildProcess;
  const start = async (): Promise<string | undefined> => {
    const log = openSync(path.join(directory, "log"), "a");
    daemon = spawn(file, args, { stdio: ["ignore", log, log], env: daemonEnv });
    for (let tries = 0; tries < 150; tries += 1) {
      if (spawnSync("docker", ["version"], { env, stdio: "ignore", timeout: 5_000 }).status === 0) return undefined;
      if (daemon.exitCode !== null) break;
      await setTimeout(100);
    }
    await end("SIGTERM");
    return readFileSync(path.join(directory, "log"), "utf8").split("\n").slice(-4).join(" ");
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (daemon.exitCode !== null || daemon.signalCode !== null) return;
    const gone = once(daemon, "exit");
    daemon.kill(signal);
    await gone;
  };
  const remove = (): void => {
    for (const mount of mountsIn(directory)) spawnSync("umount", ["-l", mount]);
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  const complaint = await start();
  if (complaint !== undefined) {
    remove();
    return { missing: `${file} does not start: ${complaint}` };
  }
  const images = { plain: "apex-plain:1", checked: "apex-checked:1" };
  try {
    await importImages(kind, { directory, images, ask });
  } catch (error) {
    await end("SIGTERM");
    remove();
    throw error;
  }
  return {
    directory,
    url,
    images,
    ask,
    left: async () => ({
      containers: await linesOf("ps", "-aq", "--no-trunc"),
      networks: await ownNetworks(),
      volumes: await linesOf("volume", "ls", "-q"),
    }),
    processes: () => processesNaming(directory).filter((line) => !isLingering(line)),
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGKILL");
      // What is left of the one that was killed keeps the next one from starting.
      for (const line of processesNaming(directory)) process.kill(Number.parseInt(line, 10), "SIGKILL");
      rmSync(path.join(directory, "pid"), { force: true });
      rmSync(path.join(directory, "exec/containerd"), { recursive: true, force: true });
      const reason = await start();
      if (reason !== undefined) throw new Error(`${file} does not start again: ${reason}`);
    },
    stop: async () => {
      const ids = await linesOf("ps", "-aq").catch(() => []);
      if (ids.length > 0) await ask("rm", "-fv", ...ids);
      const networks = await ownNetworks().catch(() => []);
      if (networks.length > 0) await ask("network", "rm", ...networks);
      await end("SIGTERM");
      for (const line of processesNaming(directory)) process.kill(Number.parseInt(line, 10), "SIGKILL");
      remove();
    },
  };
}

async function importImages(
  kind: "docker" | "podman",
  { directory, images, ask }: Pick<TestEngine, "directory" | "images" | "ask">,
): Promise<void> {
  const root = path.join(directory, "image");
  const busybox = findBusybox() ?? "busybox";
  for (const name of ["bin", "tmp"]) mkdirSync(path.join(root, name), { recursive: true });
  copyFileSync(busybox, path.join(root, "bin/busybox"));
  const tools = ["sh", "sleep", "cat", "echo", "httpd", "ls", "mkdir", "nc", "rm", "test", "touch", "wget"];
  for (const name of tools) symlinkSync("busybox", path.join(root, "bin", name));
  const archive = path.join(directory, "image.tar");
  await run("tar", ["-C", root, "-cf", archive, "."]);
  const shellPath = "ENV PATH=/bin";
  const check =
    "HEALTHCHECK --interval=300ms --timeout=5s --retries=2 CMD test -e /tmp/ok || { echo no file ok; exit 3; }";
  await ask("import", "--change", shellPath, archive, images.plain);
  if (kind === "docker") await ask("import", "--change", shellPath, "--change", check, archive, images.checked);
}

/** Daemons of containers, and programs that serve their ports, as far as they are of an engine at a place. */
function processesNaming(directory: string): string[] {
  const { stdout } = spawnSync("ps", ["-eo", "pid=,args="], { encoding: "utf8", maxBuffer: 16 * 2 ** 20 });
  return stdout
    .split("\n")
    .filter((line) => /shim|docker-proxy|conmon|rootlessport/.test(line) && line.includes(directory));
}

/** Podman watches what was run inside of a container for five minutes more. */
function isLingering(line: string): boolean {
  return line.includes("--exit-delay") || line.includes("--exec-attach");
}

function mountsIn(directory: string): string[] {
  const places = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  return places.filter((place) => place.startsWith(`${directory}/`)).reverse();
}

function isThere(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** A program that needs nothing beside it. */
function findBusybox(): string | undefined {
  return ["/usr/bin/busybox", "/bin/busybox"].find((file) => {
    const { stdout, stderr, status } = spawnSync("ldd", [file], { encoding: "utf8" });
    return status !== null && /not a dynamic|statically linked/.test(stdout + stderr);
  });
}
