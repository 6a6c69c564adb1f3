import { randomUUID } from "node:crypto";
import { ownProcess } from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import type { InstanceRecord } from "../instances/instance-record.ts";
import { composeContainers, composeObjects, removeComposeRest } from "./compose-objects.ts";
import type { DockerEngine } from "./docker-engine.ts";
import type { InstanceRecords } from "./instance-records.ts";
import { removeContainer, stopContainer } from "./remove-container.ts";

/** Whose a project is, and of which config. */
export interface ComposeProjectFacts {
  readonly name: string;
  readonly file: string;
  readonly projectRoot: string;
  readonly configHash: string;
}

const answerMs = 10_000;

/**
 * What this process has started of a compose project. Services of it share networks and dependencies, so one after the other is
 * started and stopped, and what they share goes with the last of them; what was there before stays as it was.
 */
export class ComposeProject {
  readonly engine: DockerEngine;
  readonly facts: ComposeProjectFacts;
  readonly #records: InstanceRecords;
  readonly #users = new Set<string>();
  readonly #made = new Set<string>();
  /** Were there, and did not run. */
  readonly #startedAgain = new Set<string>();
  #existed: readonly string[] | undefined;
  #recordId = "";
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: DockerEngine, facts: ComposeProjectFacts, records: InstanceRecords) {
    this.engine = engine;
    this.facts = facts;
    this.#records = records;
  }

  /** Does one thing with the project after the other. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Whether this process has made a container, or started it again. */
  hasStarted(container: string): boolean {
    return this.#made.has(container) || this.#startedAgain.has(container);
  }

  use(service: string): void {
    this.#users.add(service);
  }

  /** Takes over what a process that is gone has left up. */
  async adopt(record: InstanceRecord): Promise<void> {
    if (record.what.kind !== "docker_compose" || this.#existed) return;
    await this.#records.put({ ...record, owner: ownProcess() });
    this.#recordId = record.id;
    this.#existed = record.what.existed;
    for (const id of record.what.made ?? []) this.#made.add(id);
  }

  /** Runs `up` for a service, and remembers what came of it, also where it fails. */
  async starting<Result>(service: string, keep: boolean, up: () => Promise<Result>): Promise<Result> {
    const limits = this.#limits();
    const { name: project } = this.facts;
    const before = await composeContainers(this.engine, { project }, limits);
    if (!this.#existed) {
      this.#existed = await composeObjects(this.engine, project, limits);
      this.#recordId = randomUUID();
    }
    await this.#record(service, keep, undefined);
    try {
      return await up();
    } finally {
      this.#users.add(service);
      const known = new Map(before.map(({ Id: id, State: state }) => [id, state]));
      for (const { Id: id, State: state } of await composeContainers(this.engine, { project }, limits)) {
        if (!known.has(id)) this.#made.add(id);
        else if (known.get(id) !== "running" && state === "running") this.#startedAgain.add(id);
      }
      await this.#record(service, keep, [...this.#made]);
    }
  }

  /** Stops a service; with the last one all that is left of what was made. Rejects with an `EngineError`. */
  async stop(service: string, stopTimeoutMs?: number): Promise<void> {
    const limits = this.#limits();
    const { name: project } = this.facts;
    for (const { Id: id } of await composeContainers(this.engine, { project, service }, limits)) {
      if (this.#made.has(id)) await removeContainer(this.engine, id, { stopTimeoutMs });
      else if (this.#startedAgain.has(id)) await stopContainer(this.engine, id, { stopTimeoutMs });
    }
    this.#users.delete(service);
    if (this.#users.size > 0 || !this.#existed) return;
    for (const id of this.#startedAgain) await stopContainer(this.engine, id, { stopTimeoutMs });
    const rest = { project, existed: this.#existed, made: [...this.#made], stopTimeoutMs };
    await removeComposeRest(this.engine, rest, limits);
    await this.#records.remove(this.#recordId);
    this.#made.clear();
    this.#startedAgain.clear();
    this.#existed = undefined;
  }

  async #record(service: string, keep: boolean, made: readonly string[] | undefined): Promise<void> {
    const { name: project, file, projectRoot, configHash } = this.facts;
    await this.#records.put({
      id: this.#recordId,
      service,
      projectRoot,
      configHash,
      owner: ownProcess(),
      keep,
      startedMs: Date.now(),
      host: this.engine.host,
      what: {
        kind: "docker_compose",
        project,
        file,
        service,
        engine: this.engine.endpoint.url,
        existed: this.#existed ?? [],
        ...(made ? { made } : {}),
      },
    });
  }

  #limits(): AskLimits {
    return { deadlineMs: answerMs, signal: new AbortController().signal };
  }
}
