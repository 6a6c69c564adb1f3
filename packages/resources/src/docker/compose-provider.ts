import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import {
  describeThrown,
  isProcessAlive,
  type Service,
  type ServiceOwner,
  type ServiceProvider as ProviderConfig,
} from "@netra-apex/core";
import type { AskLimits, ProvisionContext, ServiceInstance, ServiceProvider } from "../instance.ts";
import type { InstanceRecord } from "../instances/instance-record.ts";
import { ServiceError } from "../service-error.ts";
import { type ComposeCommand, engineVariables, findCompose, runCompose } from "./compose-command.ts";
import { composeFailure } from "./compose-failure.ts";
import { composeContainers, removeComposeRest } from "./compose-objects.ts";
import { ComposeProject } from "./compose-project.ts";
import { composeProjectName } from "./compose-project-name.ts";
import { ContainerInstance } from "./container-instance.ts";
import { hashOf } from "./container-labels.ts";
import { containerPlace } from "./container-place.ts";
import { hasHealthCheck } from "./container-status.ts";
import type { DockerEngine } from "./docker-engine.ts";
import type { EngineSource } from "./engine-source.ts";
import { toServiceError } from "./explain-start.ts";
import type { InstanceRecords } from "./instance-records.ts";

/** What the provider needs. */
export interface ComposeProviderOptions {
  readonly source: EngineSource;
  readonly records: InstanceRecords;
  /** What the engine may take for an answer, in milliseconds; ten seconds by default. */
  readonly answerMs?: number;
  /** What `up` may take with all its pulls and builds, in milliseconds; 15 minutes by default. */
  readonly upMs?: number;
  /** Words that start compose, best first; `docker compose`, then `docker-compose`, by default. */
  readonly commands?: readonly (readonly string[])[];
}

type ComposeService = Extract<ProviderConfig, { kind: "docker_compose" }>;

/** Runs services of compose projects. Only what it has started itself it stops. */
export function createComposeProvider(options: ComposeProviderOptions): ServiceProvider<"docker_compose"> {
  const { source, records, answerMs = 10_000, upMs = 15 * 60_000, commands } = options;
  const projects = new Map<string, ComposeProject>();
  let command: ComposeCommand | undefined;

  const prepare = async (service: Service, context: ProvisionContext): Promise<Prepared> => {
    const limits = { deadlineMs: answerMs, signal: context.signal };
    const engine = await source.engine(limits);
    command ??= await findCompose(limits, commands);
    const config = service.provider as ComposeService;
    const text = readFile(service.name, config.file);
    const base = { engine, command, config, limits, service, context, upMs };
    const name = config.project ?? (await nameOf(base));
    const key = `${engine.endpoint.url} ${name}`;
    const configHash = hashOf([text, config.profiles]);
    const facts = { name, file: config.file, projectRoot: context.projectRoot, configHash };
    const project = projects.get(key) ?? new ComposeProject(engine, facts, records);
    projects.set(key, project);
    return { ...base, project, configHash };
  };
  const guarded = async <Result>(
    service: Service,
    context: ProvisionContext,
    work: (of: Prepared) => Promise<Result>,
  ) => {
    try {
      const prepared = await prepare(service, context);
      return await prepared.project.inTurn(() => work(prepared));
    } catch (error) {
      context.signal.throwIfAborted();
      throw toServiceError(service.name, error);
    }
  };
  return {
    kind: "docker_compose",
    find: (service, context) => guarded(service, context, async (prepared) => find(prepared, await records.list())),
    start: (service, context) =>
      guarded(service, context, async (prepared) => {
        await removeLeftovers(prepared, records);
        return start(prepared);
      }),
  };
}

interface Prepared {
  readonly engine: DockerEngine;
  readonly command: ComposeCommand;
  readonly config: ComposeService;
  readonly service: Service;
  readonly context: ProvisionContext;
  readonly limits: AskLimits;
  readonly upMs: number;
  readonly project: ComposeProject;
  readonly configHash: string;
}

function readFile(service: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ServiceError(service, `its compose file cannot be read: ${describeThrown(error)}`, { cause: error });
  }
}

/** Words of compose that say which project is meant. */
function projectWords({ config: { file, profiles } }: Pick<Prepared, "config">, name?: string): readonly string[] {
  const chosen = profiles.flatMap((profile) => ["--profile", profile]);
  return ["-f", file, ...(name === undefined ? [] : ["-p", name]), ...chosen];
}

function runOf({
  engine,
  config,
  limits,
}: Pick<Prepared, "engine" | "config" | "limits">): Omit<Parameters<typeof runCompose>[2], "onLine"> {
  const plain = { COMPOSE_ANSI: "never", COMPOSE_PROGRESS: "plain", COMPOSE_MENU: "false", NO_COLOR: "1" };
  return { ...limits, cwd: path.dirname(config.file), env: { ...engineVariables(engine), ...plain } };
}

async function nameOf(of: Pick<Prepared, "engine" | "command" | "config" | "limits" | "service">): Promise<string> {
  const { command, config, service } = of;
  if (!command.isV2) return composeProjectName(config.file, { env: process.env });
  const result = await runCompose(command.words, [...projectWords(of), "config", "--format", "json"], runOf(of));
  if (result.exitCode === 0) return composeProjectName(config.file, { config: result.stdout, env: process.env });
  throw new ServiceError(service.name, `compose does not accept ${config.file}: ${lastLine(result.output)}`, {
    fix: `${command.words.join(" ")} -f ${config.file} config`,
  });
}

function lastLine(output: string): string {
  return output.trim().split("\n").at(-1) ?? "";
}

async function find(prepared: Prepared, records: readonly InstanceRecord[]): Promise<ServiceInstance | undefined> {
  const { engine, project, config, limits, configHash } = prepared;
  const own = await composeContainers(engine, { project: project.facts.name, service: config.service }, limits);
  const running = own.find(({ State: state }) => state === "running" || state === "paused");
  if (!running) return undefined;
  if (project.hasStarted(running.Id)) {
    project.use(config.service);
    return instanceOf(prepared, running.Id, "started");
  }
  const record = records.find((one) => isAbout(one, prepared) && covers(one, running.Id));
  if (!record || isProcessAlive(record.owner) !== false) return instanceOf(prepared, running.Id, "foreign");
  if (!record.keep || record.configHash !== configHash) return undefined;
  await project.adopt(record);
  project.use(config.service);
  return instanceOf(prepared, running.Id, "reused");
}

/** A record of this project at this engine. */
function isAbout({ what }: InstanceRecord, { project, engine }: Pick<Prepared, "project" | "engine">): boolean {
  return what.kind === "docker_compose" && what.project === project.facts.name && what.engine === engine.endpoint.url;
}

function covers({ what }: InstanceRecord, container: string): boolean {
  if (what.kind !== "docker_compose") return false;
  return what.made?.includes(container) ?? !what.existed.includes(container);
}

/** What a process has left of this project that nobody can use as it is. */
async function removeLeftovers(prepared: Prepared, records: InstanceRecords): Promise<void> {
  const { engine, configHash, service, limits } = prepared;
  for (const record of await records.list()) {
    const { what } = record;
    if (what.kind !== "docker_compose" || !isAbout(record, prepared) || isProcessAlive(record.owner) !== false)
      continue;
    if (record.keep && record.configHash === configHash) {
      await prepared.project.adopt(record);
      continue;
    }
    await removeComposeRest(engine, { ...what, stopTimeoutMs: service.stopTimeoutMs }, limits);
    await records.remove(record.id);
  }
}

async function start(prepared: Prepared): Promise<ServiceInstance> {
  const { engine, command, config, service, context, limits, upMs, project } = prepared;
  const { name } = project.facts;
  const there = await composeContainers(engine, { project: name }, limits);
  // What runs is somebody's, or already ours: compose must not make it anew.
  const careful = there.some(({ State: state }) => state === "running") ? ["--no-recreate"] : [];
  const words = [...projectWords(prepared, name), "up", "-d", ...careful, config.service];
  const onLine = (line: string): void => context.say?.(`${service.name}: ${line.trim()}`);
  try {
    const found = await project.starting(config.service, context.keep, async () => {
      const result = await runCompose(command.words, words, { ...runOf(prepared), deadlineMs: upMs, onLine });
      if (result.exitCode !== 0) throw await composeFailure(prepared, result);
      const [first] = await composeContainers(engine, { project: name, service: config.service }, limits);
      if (!first)
        throw new ServiceError(service.name, `compose has made no container of the service ${config.service}`);
      return first.Id;
    });
    return await instanceOf(prepared, found, project.hasStarted(found) ? "started" : "foreign");
  } catch (error) {
    await project.stop(config.service, service.stopTimeoutMs).catch((left: unknown) => {
      context.say?.(describeThrown(left));
    });
    throw error;
  }
}

async function instanceOf(prepared: Prepared, container: string, owner: ServiceOwner): Promise<ServiceInstance> {
  const { engine, project, config, service, limits } = prepared;
  const facts = await engine.inspect(container, limits);
  if (!facts) throw new ServiceError(service.name, "its container is gone as soon as it was found");
  const { name } = project.facts;
  return new ContainerInstance({
    engine,
    container,
    owner,
    place: containerPlace(engine, facts),
    isOneShot: service.isOneShot,
    hasHealthCheck: hasHealthCheck(facts),
    find: async (within) =>
      (await composeContainers(engine, { project: name, service: config.service }, within))[0]?.Id,
    stop: () => project.inTurn(() => stop(prepared)),
  });
}

async function stop({ project, config, service }: Prepared): Promise<void> {
  try {
    await project.stop(config.service, service.stopTimeoutMs);
  } catch (error) {
    const { name } = project.facts;
    throw new ServiceError(
      service.name,
      `containers of the compose project ${name} are left: ${describeThrown(error)}`,
      {
        fix: `docker compose -f ${config.file} -p ${name} rm --stop --force --volumes ${config.service}`,
        cause: error,
      },
    );
  }
}
