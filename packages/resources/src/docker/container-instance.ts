import { type Command, describeThrown, type HealthCheck, type ServiceOwner, type ServicePlace } from "@netra-apex/core";
import type { AskLimits, CommandResult, InstanceStatus, ServiceInstance } from "../instance.ts";
import { containerStatus } from "./container-status.ts";
import type { DockerEngine } from "./docker-engine.ts";

/** What an engine may take to kill a container, in milliseconds. */
const killMs = 5_000;

/** What a container of a service is. */
export interface ContainerInstanceOptions {
  readonly engine: DockerEngine;
  /** Its id. */
  readonly container: string;
  readonly owner: ServiceOwner;
  readonly place: ServicePlace;
  readonly isOneShot: boolean;
  /** The engine has a health check of it. */
  readonly hasHealthCheck: boolean;
  /** Its id now, where it may have been made anew under another one. */
  readonly find?: (limits: AskLimits) => Promise<string | undefined>;
  /** Stops it, where it is ours to stop; called once, and again after it has failed. */
  readonly stop: () => Promise<void>;
}

/** A service that runs in a container. */
export class ContainerInstance implements ServiceInstance {
  readonly owner: ServiceOwner;
  readonly place: ServicePlace;
  readonly ownCheck?: HealthCheck;
  readonly #options: ContainerInstanceOptions;
  #container: string;
  #stopping: Promise<void> | undefined;

  constructor(options: ContainerInstanceOptions) {
    this.#options = options;
    this.#container = options.container;
    this.owner = options.owner;
    this.place = options.place;
    if (options.hasHealthCheck || options.isOneShot) this.ownCheck = { kind: "docker" };
  }

  async status(limits: AskLimits): Promise<InstanceStatus> {
    const { engine, find, isOneShot } = this.#options;
    const until = performance.now() + limits.deadlineMs;
    try {
      const facts = await engine.inspect(this.#container, limits);
      if (facts ?? !find) return containerStatus(facts, { isOneShot });
      const rest = (): AskLimits => ({ signal: limits.signal, deadlineMs: Math.max(1, until - performance.now()) });
      const other = await find(rest());
      if (other !== undefined) this.#container = other;
      return containerStatus(other === undefined ? undefined : await engine.inspect(other, rest()), { isOneShot });
    } catch (error) {
      return { state: "unreachable", reason: describeThrown(error) };
    }
  }

  exec(command: Command, limits: AskLimits): Promise<CommandResult> {
    return this.#options.engine.exec(this.#container, command, limits);
  }

  async output(limits: AskLimits): Promise<string> {
    try {
      return await this.#options.engine.output(this.#container, limits);
    } catch {
      return "";
    }
  }

  onChange(listener: () => void): () => void {
    return this.#options.engine.watch(this.#container, listener);
  }

  stop(): Promise<void> {
    if (this.owner === "foreign") return Promise.resolve();
    this.#stopping ??= this.#options.stop().catch((error: unknown) => {
      this.#stopping = undefined;
      throw error;
    });
    return this.#stopping;
  }

  async kill(): Promise<void> {
    if (this.owner === "foreign") return;
    const limits: AskLimits = { deadlineMs: killMs, signal: new AbortController().signal };
    const container = this.#container;
    // One that has ended already, or an engine that does not answer: `stop` sees to what is left, and says it.
    await this.#options.engine
      .ask(limits, (client, abortSignal) => client.getContainer(container).kill({ abortSignal }))
      .catch(() => undefined);
  }
}
