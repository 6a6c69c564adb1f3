import { type Command, describeThrown, type HealthCheck, type ServiceOwner, type ServicePlace } from "@netra-apex/core";
import { tellingLine } from "../command/log-tail.ts";
import type {
  AskLimits,
  CommandResult,
  InstanceStatus,
  OutputLimits,
  ServiceInstance,
  StopOptions,
} from "../instance.ts";
import { containerStatus } from "./container-status.ts";
import type { DockerEngine } from "./docker-engine.ts";

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
  readonly stop: (options?: StopOptions) => Promise<void>;
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
      const rest = (): AskLimits => ({ signal: limits.signal, deadlineMs: Math.max(1, until - performance.now()) });
      const facts = await engine.inspect(this.#container, limits);
      if (facts ?? !find) return await this.#withWords(containerStatus(facts, { isOneShot }), rest());
      const other = await find(rest());
      if (other !== undefined) this.#container = other;
      const found = other === undefined ? undefined : await engine.inspect(other, rest());
      return await this.#withWords(containerStatus(found, { isOneShot }), rest());
    } catch (error) {
      return { state: "unreachable", reason: describeThrown(error) };
    }
  }

  /** What has ended says itself best why. */
  async #withWords(status: InstanceStatus, limits: AskLimits): Promise<InstanceStatus> {
    if (status.state !== "exited") return status;
    const said = tellingLine(await this.output(limits));
    return said === "" ? status : { ...status, reason: `${status.reason ?? "it has ended"}: ${said}` };
  }

  exec(command: Command, limits: AskLimits): Promise<CommandResult> {
    return this.#options.engine.exec(this.#container, command, limits);
  }

  async output(limits: OutputLimits): Promise<string> {
    try {
      return await this.#options.engine.output(this.#container, limits);
    } catch {
      return "";
    }
  }

  onChange(listener: () => void): () => void {
    return this.#options.engine.watch(this.#container, listener);
  }

  stop(options?: StopOptions): Promise<void> {
    if (this.owner === "foreign") return Promise.resolve();
    this.#stopping ??= this.#options.stop(options).catch((error: unknown) => {
      this.#stopping = undefined;
      throw error;
    });
    return this.#stopping;
  }
}
