import type { ChildProcess } from "node:child_process";
import { isProcessAlive, type ServicePlace } from "@netra-apex/core";
import type { AskLimits, InstanceStatus, OutputLimits, ServiceInstance, StopOptions } from "../instance.ts";
import type { InstanceRegistry } from "../instances/instance-registry.ts";
import { logTail, tellingLine } from "./log-tail.ts";
import { readProcess } from "./process-table.ts";
import { type CommandRecord, removeInstance } from "./remove-instance.ts";
import type { ServiceKeeper } from "./service-keeper.ts";
import { ServiceTree } from "./service-tree.ts";

const exitNewsMs = 1_000;

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a {@link CommandInstance} is made of. */
export interface CommandInstanceOptions {
  readonly registry: InstanceRegistry;
  readonly owner: "started" | "reused";
  /** It is our own child; absent for one that somebody else has started. */
  readonly child?: ChildProcess;
  readonly isOneShot?: boolean;
  /** Ends it when we are gone. */
  readonly keeper?: ServiceKeeper;
}

/** A process of this machine that apex has started for a service. */
export class CommandInstance implements ServiceInstance {
  readonly owner: "started" | "reused";
  readonly place: ServicePlace;
  readonly record: CommandRecord;
  readonly #options: CommandInstanceOptions;
  readonly #listeners = new Set<() => void>();
  #exit: Exit | undefined;
  #stopping: Promise<void> | undefined;
  /** The end of its output, once its log is removed. */
  #lastOutput: string | undefined;

  constructor(record: CommandRecord, options: CommandInstanceOptions) {
    this.record = record;
    this.#options = options;
    this.owner = options.owner;
    const { host, port, directory } = record;
    this.place = { host, ...(port === undefined ? {} : { port }), ...(directory === undefined ? {} : { directory }) };
    const { child } = options;
    if (!child) return;
    if (child.exitCode !== null || child.signalCode !== null) this.#onExit(child.exitCode, child.signalCode);
    else child.once("exit", (code, signal) => this.#onExit(code, signal));
  }

  /** Whether its process has ended, as far as is known at this moment. */
  get hasEnded(): boolean {
    return this.#exit !== undefined;
  }

  async status({ deadlineMs }: AskLimits): Promise<InstanceStatus> {
    if (this.#lastOutput !== undefined) return { state: "missing", reason: "it was stopped" };
    const { pid, startedAt } = this.record.what.process;
    const identity = `${pid}${startedAt === undefined ? "" : `-${startedAt}`}`;
    if (!this.#exit && isProcessAlive(this.record.what.process) === true) {
      return readProcess(pid)?.isHeldUp
        ? { state: "paused", reason: `process ${pid} was stopped by a signal (kill -CONT ${pid})`, identity }
        : { state: "running-unchecked", identity };
    }
    const exit = await this.#exitWithin(Math.min(deadlineMs, exitNewsMs));
    if (exit) return this.#ended(exit, identity);
    return { state: "exited", reason: this.#withOutput(`process ${pid} has ended`), identity };
  }

  async output({ mostBytes }: Partial<OutputLimits> = {}): Promise<string> {
    return this.#output(mostBytes);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  stop(options?: StopOptions): Promise<void> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  async #stop({ killNow }: StopOptions = {}): Promise<void> {
    const { registry, keeper } = this.#options;
    let output = "";
    try {
      await removeInstance(this.record, registry, { onEnded: () => (output = this.#output()), killNow });
    } catch (error) {
      // Whoever has seen to what is left may try again.
      this.#stopping = undefined;
      throw error;
    }
    this.#lastOutput = output;
    keeper?.forget(this.record.id);
  }

  /** That a child has ended is heard of a little after it has. */
  async #exitWithin(limitMs: number): Promise<Exit | undefined> {
    if (this.#exit || !this.#options.child) return this.#exit;
    await new Promise<void>((resolve) => {
      const stopListening = this.onChange(done);
      const timer = setTimeout(done, limitMs);
      function done(): void {
        clearTimeout(timer);
        stopListening();
        resolve();
      }
    });
    return this.#exit;
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#exit = { code, signal };
    for (const listener of this.#listeners) listener();
  }

  #ended({ code, signal }: Exit, identity: string): InstanceStatus {
    const exitCode = code === null ? {} : { exitCode: code };
    if (code === 0 && this.#options.isOneShot) return { state: "completed", ...exitCode, identity };
    const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`;
    const { id, what } = this.record;
    const others = code === 0 ? new ServiceTree({ id, leader: what.process }).pids() : [];
    const note =
      others.length > 0
        ? `, and left process ${others.join(", ")} behind: a service has to stay in the foreground`
        : "";
    return { state: "exited", reason: this.#withOutput(`its command ${how}${note}`), ...exitCode, identity };
  }

  #withOutput(reason: string): string {
    // The rest of it is with whoever has started the service.
    const said = tellingLine(this.#output());
    return said === "" ? reason : `${reason}: ${said}`;
  }

  #output(mostBytes?: number): string {
    return this.#lastOutput ?? (this.record.logFile === undefined ? "" : logTail(this.record.logFile, mostBytes));
  }
}
