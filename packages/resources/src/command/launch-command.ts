import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import {
  ChildEnvironment,
  type Command,
  commandText,
  describeThrown,
  fillIn,
  identifyProcess,
  ownProcess,
  type ProcessIdentity,
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
import type { ServiceKeeper } from "./service-keeper.ts";
import { serviceVariable } from "./service-tree.ts";
import { startProcess } from "./start-process.ts";

/** What a service may take to stop, where its config does not say. */
export const usualStopMs = 10_000;

/** Where a command is to run. */
export interface LaunchOptions {
  readonly registry: InstanceRegistry;
  readonly keeper: ServiceKeeper;
  readonly temporaryDirectory: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where it is going to listen, if it does. */
  readonly port?: number | undefined;
}

type CommandService = Service & { readonly provider: Extract<Service["provider"], { kind: "command" }> };

/** Servers listen on one of the two addresses that this name has, or on both; clients try both. */
export const commandHost = "localhost";

/** Starts the command of a service. Rejects with a `ServiceError`, having left nothing. */
export async function launchCommand(
  service: CommandService,
  context: ProvisionContext,
  { registry, keeper, temporaryDirectory, env, port }: LaunchOptions,
): Promise<CommandInstance> {
  const { provider, isOneShot } = service;
  const id = registry.newId();
  const directory = newDirectory(service, temporaryDirectory);
  const logFile = `${directory}.log`;
  const place = { host: commandHost, ...(port === undefined ? {} : { port }), directory };
  const fill = (text: string): string => fillIn(text, place, context.others);
  const command = filled(provider.command, fill);
  const cwd = fill(provider.cwd);
  const keep = (leader?: ProcessIdentity): void => {
    const { stopSignal = "SIGTERM" } = provider;
    const paths = [directory, logFile, registry.fileOf(id)];
    const kept = {
      id,
      stopSignal,
      stopTimeoutMs: service.stopTimeoutMs ?? usualStopMs,
      paths,
      ...(leader ? { leader } : {}),
    };
    if (!context.keep) keeper.keep(kept);
  };
  // Before it starts: who is killed in between leaves nothing either.
  keep();
  let record: CommandRecord | undefined;
  try {
    const variables = variablesOf(service, { context, place, fill, id, outer: env[serviceVariable] });
    const inherited = context.keep ? withoutTask(env) : env;
    const request = {
      service: service.name,
      command,
      cwd,
      env: new ChildEnvironment(inherited).for(cwd, variables),
      logFile,
    };
    const child = await startProcess(request, (pid) => {
      const process = identityOf(pid);
      record = { ...recordOf(service, context), id, ...place, logFile, what: whatOf(service, command, process) };
      keep(process);
      enter(record, registry, context);
    });
    if (!record) throw new ServiceError(service.name, `${service.name} cannot be started`);
    return new CommandInstance(record, {
      registry,
      owner: "started",
      child,
      isOneShot,
      ...(context.keep ? {} : { keeper }),
    });
  } catch (error) {
    if (record) await removeInstance(record, registry);
    for (const file of [directory, logFile]) rmSync(file, { recursive: true, force: true });
    keeper.forget(id);
    throw error;
  }
}

interface VariableSources {
  readonly context: ProvisionContext;
  readonly place: ServicePlace;
  readonly fill: (text: string) => string;
  readonly id: string;
  /** The services that this process is itself part of. */
  readonly outer: string | undefined;
}

function variablesOf(
  { provider }: CommandService,
  { context, place: { port }, fill, id, outer }: VariableSources,
): Record<string, string> {
  return {
    ...context.env,
    ...(port === undefined ? {} : { PORT: String(port) }),
    ...Object.fromEntries(Object.entries(provider.env).map(([key, text]) => [key, fill(text)])),
    [serviceVariable]: outer ? `${outer} ${id}` : id,
  };
}

/** What ends the remains of a background task goes by this variable, and a service that is to stay is none. */
function withoutTask(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== "APEX_TASK"));
}

/** Also of one that has ended already: as long as nobody has collected it, its pid is its own. */
function identityOf(pid: number): ProcessIdentity {
  const startedAt = startTimeOf(pid);
  return { ...identifyProcess(pid), ...(startedAt === undefined ? {} : { startedAt }) };
}

function recordOf(service: CommandService, { projectRoot, env, keep }: ProvisionContext) {
  const about = { service: service.name, projectRoot, configHash: configHash(service, env) };
  return { ...about, owner: ownProcess(), keep, startedMs: Date.now() };
}

function whatOf(
  { provider: { stopSignal }, stopTimeoutMs = usualStopMs }: CommandService,
  command: Command,
  process: ProcessIdentity,
): CommandRecord["what"] {
  const ending = { ...(stopSignal === undefined ? {} : { stopSignal }), stopTimeoutMs };
  return { kind: "command", process, commandLine: commandText(command), ...ending };
}

/** Nobody can find a service again that is not entered; one that ends with this process is not looked for. */
function enter(record: CommandRecord, registry: InstanceRegistry, { keep, say }: ProvisionContext): void {
  try {
    registry.put(record);
  } catch (error) {
    if (keep) throw error;
    say?.(describeThrown(error));
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
