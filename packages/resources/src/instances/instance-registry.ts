import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { describeThrown, hostDirectory, isProcessAlive, ownProcess } from "@netra-apex/core";
import { ServiceError } from "../service-error.ts";
import type { InstanceRecord } from "./instance-record.ts";

/** What is known of services that apex has started. */
export interface InstanceList {
  /** The eldest first. */
  readonly records: readonly InstanceRecord[];
  /** Files that hold no record; absolute. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
}

/** The {@link InstanceRecord}s of this user on this host: a file for each. */
export class InstanceRegistry {
  /** Absolute. */
  readonly directory: string;
  #key: string | undefined;

  constructor({ directory = hostDirectory("services") }: { readonly directory?: string } = {}) {
    this.directory = path.resolve(directory);
  }

  /** Another one for each call; it tells who has made it: see `ownerOfId`. */
  newId(): string {
    const { pid, place, startedAt = Date.now().toString(36) } = ownProcess();
    lastOfProcess += 1;
    return [this.key, place.replaceAll(/[^\w.]/g, "_"), pid, startedAt, lastOfProcess].join("-");
  }

  /** What ids of this registry begin with: what somebody else keeps elsewhere is none of our business. */
  get key(): string {
    const { createHash } = process.getBuiltinModule("node:crypto");
    this.#key ??= createHash("sha256").update(this.directory).digest("hex").slice(0, 8);
    return this.#key;
  }

  /** Reads all of it. Never throws. */
  list(): InstanceList {
    const records: InstanceRecord[] = [];
    const unreadable: { file: string; reason: string }[] = [];
    for (const name of this.#names()) {
      const file = path.join(this.directory, name);
      try {
        records.push(readRecord(readFileSync(file, "utf8"), path.basename(name, ".json")));
      } catch (error) {
        if (!isMissing(error)) unreadable.push({ file, reason: describeThrown(error) });
      }
    }
    return { records: records.sort((a, b) => a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1)), unreadable };
  }

  /** What was started for one service of one project. */
  forService(projectRoot: string, service: string): readonly InstanceRecord[] {
    return this.list().records.filter((record) => record.projectRoot === projectRoot && record.service === service);
  }

  /** Keeps it, in place of the one with the same id. Throws a `ServiceError` when that cannot be. */
  put(record: InstanceRecord): void {
    const file = this.fileOf(record.id);
    const half = `${file}.${process.pid}.part`;
    try {
      mkdirSync(this.directory, { recursive: true, mode: 0o700 });
      writeFileSync(half, JSON.stringify(record), { mode: 0o600 });
      renameSync(half, file);
    } catch (error) {
      const message = `${record.service} cannot be entered among the services of this machine: ${describeThrown(error)}`;
      throw new ServiceError(record.service, message, { fix: "set XDG_STATE_HOME to a writable place", cause: error });
    }
  }

  /** Forgets it. Removing what is not there is no fault. */
  remove(id: string): void {
    rmSync(this.fileOf(id), { force: true });
  }

  /** The file of a record; absolute. */
  fileOf(id: string): string {
    return path.join(this.directory, `${id}.json`);
  }

  #names(): string[] {
    try {
      return readdirSync(this.directory).filter((name) => name.endsWith(".json"));
    } catch {
      return [];
    }
  }
}

/** Of all registries of this process: two of the same directory must not give the same id. */
let lastOfProcess = 0;

/** Whether what was recorded can still be there: `undefined` where that cannot be known from here. */
export function isOwnerAlive({ owner, startedMs }: Pick<InstanceRecord, "owner" | "startedMs">): boolean | undefined {
  return isBeforeBoot(startedMs) ? false : isProcessAlive(owner);
}

/** Whether this machine has been started after that: no process of then is left. */
export function isBeforeBoot(startedMs: number): boolean {
  const bootMs = Date.now() - os.uptime() * 1_000;
  // The clock may have been set since then.
  return startedMs < bootMs - 60_000;
}

function readRecord(text: string, id: string): InstanceRecord {
  const record = JSON.parse(text) as Partial<InstanceRecord> | null;
  const isRecord =
    typeof record === "object" &&
    record?.id === id &&
    [record.service, record.projectRoot, record.configHash, record.host].every((part) => typeof part === "string") &&
    typeof record.startedMs === "number" &&
    isProcess(record.owner) &&
    isKnownKind(record.what);
  if (!isRecord) throw new Error("not a record of a service");
  return record as InstanceRecord;
}

function isKnownKind(what: Partial<InstanceRecord["what"]> | undefined): boolean {
  if (typeof what !== "object") return false;
  if (what.kind === "command") return isProcess(what.process);
  return what.kind === "docker" || what.kind === "docker_compose";
}

function isProcess(identity: Partial<InstanceRecord["owner"]> | undefined): boolean {
  return typeof identity?.pid === "number" && typeof identity.place === "string";
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
