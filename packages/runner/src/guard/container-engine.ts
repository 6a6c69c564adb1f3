import { execFile } from "node:child_process";
import type { FoundProcess } from "./guard-protocol.ts";

/** A container as its engine describes it. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isRunning: boolean;
  /** Of its first process, on the engine's machine; 0 when it does not run. */
  readonly pid: number;
  readonly isOomKilled: boolean;
  /** Limits that are in force; 0 for none. */
  readonly memoryBytes: number;
  readonly cpus: number;
}

/** How the engine of a command is reached: as the command itself reaches it. */
export interface ContainerEngineOptions {
  /** The program with its own flags. */
  readonly words: readonly [file: string, ...flags: string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** An engine that hangs is waited for this long at each question. */
const callTimeoutMs = 10_000;
/** What `inspect` says of a container is some 10 kB. */
const maxAnswerBytes = 2 ** 26;

/** Asks a container engine through its own program, never blocking and never for ever. */
export class ContainerEngine {
  readonly #options: ContainerEngineOptions;

  constructor(options: ContainerEngineOptions) {
    this.#options = options;
  }

  /** The same for every command that reaches the engine in the same way. */
  get key(): string {
    const { words, env } = this.#options;
    const places = ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "CONTAINER_HOST", "CONTAINER_CONNECTION", "HOME"];
    return JSON.stringify([words, places.map((name) => env[name])]);
  }

  /** Containers with this label (`KEY`, or `KEY=VALUE`), in whatever state; `undefined` when the engine does not answer. */
  async find(label: string): Promise<readonly Container[] | undefined> {
    const list = await this.#ask(["ps", "-aq", "--no-trunc", "--filter", `label=${label}`]);
    if (!list.isDone) return undefined;
    const ids = list.output.split(/\s+/).filter((id) => id !== "");
    if (ids.length === 0) return [];
    // Those that are gone meanwhile are left out, with an error about them.
    const { output } = await this.#ask(["inspect", "--type", "container", ...ids]);
    return parseContainers(output);
  }

  /** Ends and removes containers. Whether that worked for all of them. */
  async remove(containers: readonly Container[], { withVolumes = false } = {}): Promise<boolean> {
    const running = containers.filter(({ isRunning }) => isRunning).map(({ id }) => id);
    // Podman's `rm -f` waits for them to stop in order; they have had their time.
    if (running.length > 0) await this.#ask(["kill", ...running]);
    const volumes = withVolumes ? ["-v"] : [];
    return (await this.#ask(["rm", "-f", ...volumes, ...containers.map(({ id }) => id)])).isDone;
  }

  #ask(words: readonly string[]): Promise<{ isDone: boolean; output: string }> {
    const { words: program, cwd, env } = this.#options;
    const [file, ...flags] = program;
    const options = { cwd, env, timeout: callTimeoutMs, killSignal: "SIGKILL", maxBuffer: maxAnswerBytes } as const;
    return new Promise((resolve) => {
      try {
        execFile(file, [...flags, ...words], { ...options, windowsHide: true }, (error, output) =>
          resolve({ isDone: error === null, output }),
        );
      } catch {
        // Such as a null byte in a word.
        resolve({ isDone: false, output: "" });
      }
    });
  }
}

/** A container for people. Its pid is the engine's. */
export function describeContainer({ pid, name }: Container): FoundProcess {
  return { pid, command: `container ${name}` };
}

/** What Docker and Podman both say; anything may be missing in what is read from elsewhere. */
interface Inspected {
  readonly Id?: string;
  readonly Name?: string;
  readonly Config?: { readonly Labels?: Readonly<Record<string, string>> | null };
  readonly State?: { readonly Running?: boolean; readonly Pid?: number; readonly OOMKilled?: boolean };
  readonly HostConfig?: {
    readonly Memory?: number;
    readonly NanoCpus?: number;
    readonly CpuQuota?: number;
    readonly CpuPeriod?: number;
  };
}

function parseContainers(text: string): readonly Container[] | undefined {
  try {
    return (JSON.parse(text) as readonly Inspected[]).map(toContainer);
  } catch {
    // No JSON, or none of this shape: as good as no answer.
    return undefined;
  }
}

function toContainer({ Id = "", Name = Id, Config, State, HostConfig }: Inspected): Container {
  return {
    id: Id,
    name: Name.replace(/^\//, ""),
    labels: Config?.Labels ?? {},
    isRunning: State?.Running ?? false,
    pid: State?.Pid ?? 0,
    isOomKilled: State?.OOMKilled ?? false,
    memoryBytes: Math.max(HostConfig?.Memory ?? 0, 0),
    cpus: cpusOf(HostConfig),
  };
}

function cpusOf({ NanoCpus = 0, CpuQuota = 0, CpuPeriod = 0 }: NonNullable<Inspected["HostConfig"]> = {}): number {
  if (NanoCpus > 0) return NanoCpus / 1e9;
  // The kernel's own period is a tenth of a second.
  return Math.max(CpuQuota, 0) / (CpuPeriod || 100_000);
}
