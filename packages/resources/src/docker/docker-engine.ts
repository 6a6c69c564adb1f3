import type { IncomingMessage } from "node:http";
import type Docker from "dockerode";
import type { Command } from "@netra-apex/core";
import type { AskLimits, CommandResult, OutputLimits } from "../instance.ts";
import { askWithin } from "./ask-within.ts";
import { EngineEvents } from "./engine-events.ts";
import type { EngineEndpoint } from "./engine-endpoints.ts";
import { toEngineError, type EngineError } from "./engine-error.ts";
import { OutputEnd, takeFramesApart } from "./multiplexed-output.ts";

/** What an engine says of itself. */
export interface EngineFacts {
  readonly version: string;
  /** Of the engine: `Docker Engine - Community`, `Podman Engine`. */
  readonly name: string;
  /** The version of the API that is spoken with it. */
  readonly api: string;
  readonly isPodman: boolean;
}

/** A container as the engine describes it. */
export type ContainerFacts = Docker.ContainerInspectInfo;

const outputLimitBytes = 64 * 1024;

/**
 * An engine that has answered. Whatever it does from then on, every question has an answer by its deadline: an `EngineError`,
 * or the signal's reason.
 */
export class DockerEngine {
  readonly endpoint: EngineEndpoint;
  readonly facts: EngineFacts;
  readonly #client: Docker;
  #events: EngineEvents | undefined;

  constructor(endpoint: EngineEndpoint, facts: EngineFacts, client: Docker) {
    this.endpoint = endpoint;
    this.facts = facts;
    this.#client = client;
  }

  /** For people: `docker at unix:///var/run/docker.sock`. */
  get title(): string {
    return `${this.facts.isPodman ? "podman" : "docker"} at ${this.endpoint.url}`;
  }

  /** The host at which its containers' ports are reached. */
  get host(): string {
    return this.isLocal ? "localhost" : new URL(this.endpoint.url).hostname;
  }

  /** Of one that is reached by a socket of this machine; absolute. */
  get socketPath(): string | undefined {
    return this.endpoint.url.startsWith("unix://") ? this.endpoint.url.slice("unix://".length) : undefined;
  }

  /** It runs on this machine. */
  get isLocal(): boolean {
    return /^(unix|npipe):/.test(this.endpoint.url);
  }

  /** Asks it anything, with the client of dockerode; what that throws becomes an `EngineError`. */
  async ask<Answer>(
    limits: AskLimits,
    question: (client: Docker, signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    return askWithin(limits, this.title, async (signal) => {
      try {
        return await question(this.#client, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw toEngineError(error, this.endpoint.url);
      }
    });
  }

  /** A container by its id or name; `undefined` when there is none. */
  async inspect(container: string, limits: AskLimits): Promise<ContainerFacts | undefined> {
    return this.ask(limits, (client, abortSignal) => client.getContainer(container).inspect({ abortSignal })).catch(
      unlessAbsent,
    );
  }

  /** Containers with all the labels (`name` or `name=value`), in whatever state. */
  async list(labels: readonly string[], limits: AskLimits): Promise<readonly Docker.ContainerInfo[]> {
    const filters = { label: [...labels] };
    return this.ask(limits, (client, abortSignal) => client.listContainers({ all: true, filters, abortSignal }));
  }

  /** The end of what a container wrote, stdout and stderr. */
  async output(container: string, limits: OutputLimits): Promise<string> {
    const { mostBytes = outputLimitBytes } = limits;
    const dial = {
      path: `/containers/${container}/logs?`,
      method: "GET",
      options: { stdout: true, stderr: true, tail: mostBytes > outputLimitBytes ? "all" : 20_000 },
    } as const;
    return this.#collect(limits, dial, mostBytes);
  }

  /** Runs a command in a container. */
  async exec(container: string, command: Command, limits: AskLimits): Promise<CommandResult> {
    const until = performance.now() + limits.deadlineMs;
    const rest = (): AskLimits => ({ signal: limits.signal, deadlineMs: Math.max(1, until - performance.now()) });
    const words = command.kind === "argv" ? [command.file, ...command.args] : ["/bin/sh", "-c", command.script];
    const { id } = await this.ask(limits, (client, abortSignal) =>
      client.getContainer(container).exec({ Cmd: words, AttachStdout: true, AttachStderr: true, abortSignal }),
    );
    const output = await this.#collect(rest(), {
      path: `/exec/${id}/start`,
      method: "POST",
      options: { Detach: false, Tty: false },
    });
    const { ExitCode: exitCode } = await this.ask(rest(), (client, abortSignal) =>
      client.getExec(id).inspect({ abortSignal }),
    );
    // Podman may say -1 of one that could not be started.
    return { exitCode: exitCode ?? -1, output };
  }

  /** Told when something happens to a container, or to the engine; the returned function ends that. */
  watch(container: string, listener: () => void): () => void {
    this.#events ??= new EngineEvents(this);
    return this.#events.watch(container, listener);
  }

  /** An answer that comes bit by bit, until its end. */
  async follow(limits: AskLimits, dial: DialOptions, onChunk: (chunk: Buffer) => void): Promise<void> {
    await this.ask(limits, async (client, abortSignal) => {
      const statusCodes = { 200: true, 404: "not there", 409: "not running", 500: "server error" };
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        // @types/dockerode leaves the modem untyped.
        const modem = client.modem as {
          dial(options: object, callback: (error: Error | null, answer: IncomingMessage) => void): void;
        };
        modem.dial({ ...dial, isStream: true, statusCodes, abortSignal }, (error, answer) => {
          if (error) reject(error);
          else resolve(answer);
        });
      });
      const end = (): unknown => response.destroy();
      abortSignal.addEventListener("abort", end, { once: true });
      try {
        for await (const chunk of response) onChunk(chunk as Buffer);
      } finally {
        abortSignal.removeEventListener("abort", end);
      }
    });
  }

  async #collect(limits: AskLimits, dial: DialOptions, mostBytes = outputLimitBytes): Promise<string> {
    const end = new OutputEnd(mostBytes);
    await this.follow(
      limits,
      dial,
      takeFramesApart((payload) => end.write(payload)),
    );
    return end.text();
  }
}

/** A request as dockerode's modem takes it. */
export interface DialOptions {
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly options: Record<string, unknown>;
}

/** Makes `undefined` of an answer that says that there is no such thing. */
export function unlessAbsent(error: unknown): undefined {
  if ((error as Partial<EngineError>).statusCode === 404) return undefined;
  throw error;
}
