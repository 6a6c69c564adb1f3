import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import { isAlive, program, Project, until } from "./project.ts";

/** A task as `apex bg … --json` tells of it. */
export interface ToldTask {
  readonly task_id: string;
  readonly status: string;
  readonly [name: string]: unknown;
}

/** A project with a background queue, whose files and worker are its own and gone when the test is over. */
export class QueueProject extends Project {
  readonly env: Readonly<Record<string, string>>;

  constructor(files: Readonly<Record<string, string>>) {
    super(files);
    for (const name of ["state", "cache", "runtime"]) this.write(`.xdg/${name}/.keep`, "");
    const at = (name: string): string => path.join(this.root, ".xdg", name);
    this.env = { XDG_STATE_HOME: at("state"), XDG_CACHE_HOME: at("cache"), XDG_RUNTIME_DIR: at("runtime") };
    onTestFinished(() => this.#stop());
  }

  override start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return super.start(args, { ...this.env, ...env });
  }

  /** Runs apex, expects that it ends with 0, and reads the JSON lines that it prints. */
  async told(...args: string[]): Promise<readonly ToldTask[]> {
    const dashes = args.includes("--") ? args.indexOf("--") : args.length;
    const [own, passedOn] = [args.slice(0, dashes), args.slice(dashes)];
    const { exitCode, stdout, stderr } = await this.apex(...own, "--json", ...passedOn);
    if (exitCode !== 0) throw new Error(`apex ${args.join(" ")} ended with ${exitCode}: ${stderr}`);
    const lines = stdout.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as ToldTask);
  }

  /** Queues one category, and returns the id of its task. */
  async add(...args: string[]): Promise<string> {
    const [task] = await this.told("bg", "add", ...args);
    return task?.task_id ?? "none";
  }

  /** Lines of a file that commands of the project have written so far. */
  lines(name: string): readonly string[] {
    return this.has(name) ? this.read(name).trim().split("\n") : [];
  }

  /** Waits for the pid that a command writes into a file. */
  async pidIn(name: string): Promise<number> {
    await until(() => this.lines(name).some((line) => line !== ""), `there is a pid in ${name}`);
    return Number(this.lines(name)[0]);
  }

  /** Waits until the tests of a task run. */
  async started(id: string): Promise<void> {
    for (let look = 0; look < 100; look += 1) {
      const [task] = await this.told("bg", "show", id);
      if (task?.status === "running") return;
    }
    throw new Error(`${id} has not been started`);
  }

  async workerPid(): Promise<number> {
    const [status] = (await this.told("bg", "status")) as unknown as { worker: { pid: number } | null }[];
    return status?.worker?.pid ?? 0;
  }

  async #stop(): Promise<void> {
    const { exitCode } = await execa(process.execPath, [program, "bg", "stop"], {
      cwd: this.root,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...this.env },
      extendEnv: false,
      reject: false,
      timeout: 30_000,
    });
    if (exitCode !== 0) throw new Error(`apex bg stop ended with ${exitCode}`);
    await until(() => processesOf(this.root).length === 0, "nothing of the queue runs any more");
  }
}

/** Processes of a project, the worker, its attempts and their tests included. Linux only; none elsewhere. */
export function processesOf(root: string): number[] {
  if (process.platform !== "linux") return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      // Some of it may have a command line and an environment that say nothing of the project.
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`${root}/.xdg`) && isAlive(pid);
    } catch {
      // It has ended meanwhile, or is somebody else's.
      return false;
    }
  });
}
