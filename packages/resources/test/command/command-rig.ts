import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import type { Command, Service, ServiceProvider } from "@netra-apex/core";
import { onTestFinished } from "vitest";
import { CommandProvider } from "../../src/command/command-provider.ts";
import type { ProvisionContext, ServiceInstance } from "../../src/instance.ts";
import { InstanceRegistry } from "../../src/instances/instance-registry.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

type CommandConfig = Extract<ServiceProvider, { kind: "command" }>;

/** Code for `node -e` that listens on its port, and answers every request with its pid. */
export const server = `require("node:http").createServer((_, answer) => answer.end(String(process.pid))).listen(process.env.PORT, "127.0.0.1");`;

/** Code for `node -e` that does nothing, for ever. */
export const idle = "setInterval(() => undefined, 1_000);";

/** A command of Node. */
export function node(code: string, ...args: string[]): Command {
  return { kind: "argv", file: process.execPath, args: ["-e", code, ...args] };
}

/** A text for the shell. */
export function shell(script: string): Command {
  return { kind: "shell", script };
}

/** A service that is a command. */
export function service(
  command: Command,
  provider: Partial<CommandConfig> = {},
  over: Partial<Omit<Service, "provider">> = {},
): Service {
  return {
    name: "it",
    provider: { kind: "command", command, cwd: "/", env: {}, ...provider },
    needs: [],
    start: "on_demand",
    isOneShot: false,
    isUnderTest: false,
    isReused: false,
    stopTimeoutMs: 5_000,
    exports: {},
    ...over,
  };
}

/** A place in which services are started, apart from all others of this machine. */
export interface CommandRig {
  readonly projectRoot: string;
  readonly registry: InstanceRegistry;
  readonly provider: CommandProvider;
  /** Where they get their directories. */
  readonly temporaryDirectory: string;
  readonly said: string[];
  context(over?: Partial<ProvisionContext>): ProvisionContext;
  /** Starts one that is stopped when the test has finished. */
  start(service: Service, over?: Partial<ProvisionContext>): Promise<ServiceInstance>;
}

/** A {@link CommandRig} in a directory of its own, or in one that is given. */
export function commandRig(root = temporaryDirectory()): CommandRig {
  chmodSync(root, 0o755);
  const registry = new InstanceRegistry({ directory: path.join(root, "services") });
  const provider = new CommandProvider({ registry, temporaryDirectory: root });
  const said: string[] = [];
  const context = (over: Partial<ProvisionContext> = {}): ProvisionContext => ({
    projectRoot: root,
    keep: false,
    others: new Map(),
    env: {},
    signal: new AbortController().signal,
    say: (line) => void said.push(line),
    ...over,
  });
  return {
    projectRoot: root,
    registry,
    provider,
    temporaryDirectory: root,
    said,
    context,
    start: async (wanted, over) => {
      const instance = await provider.start(wanted, context(over));
      onTestFinished(() => instance.stop());
      return instance;
    },
  };
}

/** What is left in the rig's directory beside its registry, and in that. */
export function leftIn({ temporaryDirectory: root, registry }: CommandRig): string[] {
  const names = readdirSync(root).filter((name) => name.startsWith("apex-"));
  return [...names, ...registry.list().records.map(({ id }) => id)];
}

/** Limits of a question that is answered at once. */
export const soon = { deadlineMs: 5_000, signal: new AbortController().signal };

/** Waits until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new Error(`it is not so within ${withinMs} ms: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether somebody takes connections there. */
export function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("close", () => socket.destroy());
    socket.on("connect", () => socket.destroy());
  });
}

/** Living processes of this machine whose command line or environment contains a text. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && isWith(pid, text));
}

function isWith(pid: number, text: string): boolean {
  try {
    const isZombie = /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    const all = readFileSync(`/proc/${pid}/cmdline`, "utf8") + readFileSync(`/proc/${pid}/environ`, "utf8");
    return !isZombie && all.includes(text);
  } catch {
    return false;
  }
}

/** Starts the fixture that owns services, in the rig's directory; resolves with what it has told once it has started them. */
export async function startOwner(
  { projectRoot }: CommandRig,
  request: {
    readonly services: readonly Service[];
    readonly keep?: boolean;
    readonly ending: "wait" | "leave" | "stop";
  },
): Promise<{ readonly owner: ChildProcess; readonly told: readonly OwnedService[] }> {
  const program = path.join(import.meta.dirname, "fixtures", "owner.ts");
  const owner = spawn(
    process.execPath,
    ["--conditions=@netra-apex/source", program, projectRoot, JSON.stringify(request)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  onTestFinished(() => void owner.kill("SIGKILL"));
  const [line] = (await once(owner.stdout.setEncoding("utf8"), "data")) as [string];
  return { owner, told: JSON.parse(line) as readonly OwnedService[] };
}

/** What the fixture tells of a service. */
export interface OwnedService {
  readonly owner: string;
  readonly port?: number;
  readonly directory?: string;
  readonly pid: number;
  readonly id: string;
}
