import os from "node:os";
import process from "node:process";
import { delay, describeThrown, isProcessAlive, type Service, systemClock } from "@netra-apex/core";
import type { ProvisionContext, ServiceInstance, ServiceProvider } from "../instance.ts";
import { configHash } from "../instances/config-hash.ts";
import { InstanceRegistry, isBeforeBoot, isOwnerAlive } from "../instances/instance-registry.ts";
import { freePort } from "../ports/free-port.ts";
import { isListening } from "../ports/is-listening.ts";
import { describeHolder, fixForHolder, portHolder } from "../ports/port-holder.ts";
import { ServiceError } from "../service-error.ts";
import { CommandInstance } from "./command-instance.ts";
import { ForeignInstance } from "./foreign-instance.ts";
import { commandHost, launchCommand, usualStopMs } from "./launch-command.ts";
import { type CommandRecord, isCommandRecord, removeInstance } from "./remove-instance.ts";
import { ServiceKeeper } from "./service-keeper.ts";

/** How processes are started, and where they are kept track of. */
export interface CommandProviderOptions {
  readonly registry?: InstanceRegistry;
  readonly keeper?: ServiceKeeper;
  /** Where they get their directories and logs; the system's place for what is temporary by default. */
  readonly temporaryDirectory?: string;
  /** What they inherit; what this process has by default. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A port that was free may be taken when the service comes to it. */
const mostPorts = 3;
/** What a service may take to find its port taken, before it is handed out. */
const portWatchMs = 500;
const portLookMs = 10;
/** Between two looks whether a port that was held is free. */
const goneLookMs = 100;
const portTaken = /EADDRINUSE|address (?:is )?already in use|only one usage of each socket address/i;

/** Services that are processes of this machine. */
export class CommandProvider implements ServiceProvider<"command"> {
  readonly kind = "command";
  readonly #options: Required<CommandProviderOptions>;

  constructor({
    registry = new InstanceRegistry(),
    keeper = new ServiceKeeper(),
    temporaryDirectory = os.tmpdir(),
    env = process.env,
  }: CommandProviderOptions = {}) {
    this.#options = { registry, keeper, temporaryDirectory, env };
  }

  async find(service: Service, context: ProvisionContext): Promise<ServiceInstance | undefined> {
    const { registry } = this.#options;
    const hash = configHash(service, context.env);
    await this.#removeDead(service, context);
    const kept = this.#records(service, context).findLast(
      (record) => record.keep && record.configHash === hash && isProcessAlive(record.what.process) === true,
    );
    if (kept) return openCommandInstance(kept, registry);
    const { port } = commandService(service).provider;
    if (typeof port !== "number" || !(await isListening(port))) return undefined;
    const ours = (await portHolder(port, registry.list().records))?.service;
    // It has gone in between: what nobody can be named for is not there.
    if (!ours && !(await isListening(port))) return undefined;
    const isOfProject = ours?.projectRoot === context.projectRoot && ours.service === service.name;
    // What another run has started for itself goes with that run: it is nothing to stand on.
    const isPassing = ours !== undefined && !ours.keep;
    return isOfProject || isPassing
      ? undefined
      : new ForeignInstance({ host: commandHost, port }, { watchedPort: port });
  }

  async start(service: Service, context: ProvisionContext): Promise<ServiceInstance> {
    const asCommand = commandService(service);
    const { port: wanted } = asCommand.provider;
    context.signal.throwIfAborted();
    await this.#removeDead(service, context);
    await this.#removeOutdated(service, context);
    if (typeof wanted === "number") await this.#untilGone(service, wanted, context);
    if (typeof wanted === "number" && (await isListening(wanted))) {
      // Somebody else may have started, at this moment, the same one to stay.
      const found = await this.find(service, context);
      if (found?.owner === "reused") return found;
      await this.#refuse(service, wanted);
    }
    for (let left = mostPorts; ; left -= 1) {
      const port = wanted === "auto" ? await freePort() : wanted;
      const instance = await launchCommand(asCommand, context, {
        ...this.#options,
        port,
      });
      if (wanted !== "auto" || port === undefined || left === 1) return instance;
      if (await this.#hasPort(instance, port, context.signal)) return instance;
      context.say?.(`port ${port} was taken before ${service.name} came to it: it gets another one`);
      await instance.stop();
    }
  }

  /** Whether it got the port that it was given, as far as that can be seen in a short time. */
  async #hasPort(instance: CommandInstance, port: number, signal: AbortSignal): Promise<boolean> {
    try {
      for (let leftMs = portWatchMs; leftMs > 0; leftMs -= portLookMs) {
        if (instance.hasEnded) return !portTaken.test(await instance.output());
        // Elsewhere it takes a program to ask who listens, and the end of ours must do.
        const holder = process.platform === "linux" ? await portHolder(port, [instance.record]) : undefined;
        if (holder?.pid !== undefined) return holder.service !== undefined;
        await delay(systemClock, portLookMs, signal);
      }
      return true;
    } catch (error) {
      await instance.stop();
      throw error;
    }
  }

  /** The same service of another run, which is over, may be stopping at this moment. */
  async #untilGone(
    { name, stopTimeoutMs = usualStopMs }: Service,
    port: number,
    { projectRoot, signal, say }: ProvisionContext,
  ): Promise<void> {
    const endMs = performance.now() + stopTimeoutMs;
    for (let isTold = false; performance.now() < endMs && (await isListening(port)); isTold = true) {
      const holder = (await portHolder(port, this.#options.registry.list().records))?.service;
      if (holder?.projectRoot !== projectRoot || holder.service !== name || holder.keep) return;
      if (!isTold) say?.(`${name} waits until another run of this project leaves port ${port}`);
      await delay(systemClock, goneLookMs, signal);
    }
  }

  async #refuse({ name }: Service, port: number): Promise<never> {
    const holder = await portHolder(port, this.#options.registry.list().records);
    const who = holder ? describeHolder(holder) : "another process";
    const fix = `${holder ? fixForHolder(holder) : `free port ${port}`}, or give services.${name} the port: auto`;
    throw new ServiceError(name, `${name} cannot be started: port ${port} is held by ${who}`, { fix });
  }

  #records({ name }: Service, { projectRoot }: ProvisionContext): readonly CommandRecord[] {
    return this.#options.registry.forService(projectRoot, name).filter((record) => isCommandRecord(record));
  }

  /** What nobody needs any more: kept ones that have ended, and what was left by owners that are gone. */
  async #removeDead(service: Service, context: ProvisionContext): Promise<void> {
    const dead = this.#records(service, context).filter((record) =>
      record.keep ? isInstanceAlive(record) === false : isOwnerAlive(record) === false,
    );
    await this.#removeAll(service, dead);
  }

  /** Kept ones of another config. */
  async #removeOutdated(service: Service, context: ProvisionContext): Promise<void> {
    const hash = configHash(service, context.env);
    const old = this.#records(service, context).filter((record) => record.keep && record.configHash !== hash);
    if (old.length > 0) context.say?.(`${service.name} is replaced: its config has changed`);
    await this.#removeAll(service, old);
  }

  async #removeAll({ name }: Service, records: readonly CommandRecord[]): Promise<void> {
    try {
      await Promise.all(records.map((record) => removeInstance(record, this.#options.registry)));
    } catch (error) {
      if (error instanceof ServiceError) throw error;
      throw new ServiceError(name, `${name} cannot be replaced: ${describeThrown(error)}`, { cause: error });
    }
  }
}

/** What was started before, and left up; whoever finds it may stop it. */
export function openCommandInstance(record: CommandRecord, registry: InstanceRegistry): CommandInstance {
  return new CommandInstance(record, { registry, owner: "reused" });
}

/** Whether its process lives; `undefined` where that cannot be known from here. */
export function isInstanceAlive({ what, startedMs }: CommandRecord): boolean | undefined {
  return isBeforeBoot(startedMs) ? false : isProcessAlive(what.process);
}

function commandService(service: Service) {
  const { name, provider } = service;
  if (provider.kind === "command") return { ...service, provider };
  throw new ServiceError(name, `${name} is no command but ${provider.kind}`);
}
