import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import path from "node:path";
import {
  type Command,
  commandText,
  fillIn,
  identifyProcess,
  ownProcess,
  type Service,
  type ServicePlace,
} from "@netra-apex/core";
import type { ProvisionContext } from "../instance.ts";
import { configHash } from "../instances/config-hash.ts";
import type { InstanceRegistry } from "../instances/instance-registry.ts";
import { ServiceError } from "../service-error.ts";
import { CommandInstance } from "./command-instance.ts";
import { startTimeOf } from "./process-table.ts";
import { type CommandRecord, removeInstance } from "./remove-instance.ts";
import { serviceEnvironment } from "./service-environment.ts";
import type { ServiceKeeper } from "./service-keeper.ts";
import { serviceVariable } from "./service-tree.ts";
import { startProcess } from "./start-process.ts";

/** Where a command is to run. */
export interface LaunchOptions {
  readonly registry: InstanceRegistry;
  readonly keeper: ServiceKeeper;
  readonly temporaryDirectory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly place: ServicePlace;
}

/** Starts the command of a service. Rejects with a `ServiceError`, having left nothing. */
export async function launchCommand(
  service: Service,
  context: ProvisionContext,
  options: LaunchOptions,
): Promise<CommandInstance> {
  const { name, provider, stopTimeoutMs, isOneShot } = service;
  const { registry, keeper } = options;
  if (provider.kind !== "command") throw new ServiceError(name, `${name} is no command but ${provider.kind}`);
  const { stopSignal = "SIGTERM" } = provider;
  const id = registry.newId();
  const directory = newDirectory(service, options.temporaryDirectory);
  const logFile = `${directory}.log`;
  const place = { ...options.place, directory };
  const fill = (text: string): string => fillIn(text, place, context.others);
  const command = filled(provider.command, fill);
  const kept = { id, stopSignal, stopTimeoutMs, paths: [directory, logFile, registry.fileOf(id)] };
  // Before it starts: who is killed in between leaves nothing either.
  if (!context.keep) keeper.keep(kept);
  let record: CommandRecord | undefined;
  try {
    const log = openSync(logFile, "ax", 0o600);
    try {
      const request = { service: name, command, cwd: fill(provider.cwd), env: environmentOf(), log };
      const child = await startProcess(request, (pid) => {
        record = recordOf(pid);
        if (!context.keep) keeper.keep({ ...kept, leader: record.what.process });
        enter(record);
      });
      if (!record) throw new ServiceError(name, `${name} cannot be started`);
      return new CommandInstance(record, {
        registry,
        owner: "started",
        child,
        isOneShot,
        ...(context.keep ? {} : { keeper }),
      });
    } finally {
      closeSync(log);
    }
  } catch (error) {
    if (record) await removeInstance(record, registry);
    for (const file of [directory, logFile]) rmSync(file, { recursive: true, force: true });
    keeper.forget(id);
    throw error;
  }

  function environmentOf(): NodeJS.ProcessEnv {
    if (provider.kind !== "command") return {};
    const inherited = { ...options.env };
    // What ends the remains of a background task goes by it, and a service that is to stay is none.
    if (context.keep) delete inherited["APEX_TASK"];
    const outer = inherited[serviceVariable];
    const { port } = place;
    return serviceEnvironment(inherited, fill(provider.cwd), {
      ...context.env,
      ...(port === undefined ? {} : { PORT: String(port) }),
      ...Object.fromEntries(Object.entries(provider.env).map(([key, text]) => [key, fill(text)])),
      [serviceVariable]: outer ? `${outer} ${id}` : id,
    });
  }

  function recordOf(pid: number): CommandRecord {
    const startedAt = startTimeOf(pid);
    const started = { ...identifyProcess(pid), ...(startedAt === undefined ? {} : { startedAt }) };
    const commandLine = commandText(command);
    return {
      id,
      service: name,
      projectRoot: context.projectRoot,
      configHash: configHash(service, context.env),
      owner: ownProcess(),
      keep: context.keep,
      startedMs: Date.now(),
      host: place.host,
      ...(place.port === undefined ? {} : { port: place.port }),
      directory,
      logFile,
      what: { kind: "command", process: started, commandLine, stopSignal, stopTimeoutMs },
    };
  }

  /** Nobody can find a service again that is not entered; one that ends with this process is not looked for. */
  function enter(entered: CommandRecord): void {
    try {
      registry.put(entered);
    } catch (error) {
      if (context.keep) throw error;
      context.say?.(error instanceof Error ? error.message : String(error));
    }
  }
}

function newDirectory({ name }: Service, parent: string): string {
  try {
    return mkdtempSync(path.join(parent, `apex-${name.replaceAll(/[^\w-]/g, "_")}-`));
  } catch (error) {
    const fix = "set TMPDIR to a directory that can be written";
    throw new ServiceError(name, `${name} cannot get a directory in ${parent}`, { fix, cause: error });
  }
}

function filled(command: Command, fill: (text: string) => string): Command {
  return command.kind === "shell"
    ? { kind: "shell", script: fill(command.script) }
    : { kind: "argv", file: fill(command.file), args: command.args.map((one) => fill(one)) };
}
