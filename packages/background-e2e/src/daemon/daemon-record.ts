import type { ProcessIdentity } from "@netra-apex/core";
import { isProcessAlive } from "@netra-apex/core/process";
import type { Database } from "@netra-apex/store/sql";
import { usualPace } from "./worker-pace.ts";

/** What a worker daemon was asked to do by somebody else. */
export type StopRequest =
  /** Running tasks go back to the queue, and nobody starts it again unasked. */
  | "stop"
  /** The same once what runs has ended. */
  | "finish"
  /** A newer version takes over; what runs goes on, and is that one's to watch. */
  | "hand-over";

/** The one worker daemon of a project, as it says of itself. */
export interface DaemonRecord {
  readonly id: string;
  readonly process: ProcessIdentity;
  readonly version: string;
  readonly startedMs: number;
  readonly heartbeatMs: number;
  readonly stop?: StopRequest;
}

/** The place for one worker daemon in a queue's database. Whoever holds it has proved who it is: a pid alone proves nothing. */
export class DaemonSeat {
  readonly #database: Database;
  readonly #silenceMs: number;

  /** A daemon that has been silent for as long is not there. */
  constructor(database: Database, silenceMs = usualPace.silenceMs) {
    this.#database = database;
    this.#silenceMs = silenceMs;
  }

  /** The daemon that holds it and is alive, as far as can be told. */
  holder(nowMs = Date.now()): DaemonRecord | undefined {
    const record = this.#read();
    return record && this.#isThere(record, nowMs) ? record : undefined;
  }

  /** Takes the place, unless a living daemon has it. Returns the one that has it then. */
  take(own: Omit<DaemonRecord, "heartbeatMs" | "stop">, nowMs = Date.now()): Promise<DaemonRecord> {
    return this.#database.transaction(() => {
      const held = this.holder(nowMs);
      if (held && held.id !== own.id) return held;
      this.#database
        .sql(
          "insert or replace into daemon (only, id, process, version, started_ms, heartbeat_ms, stop) values (1, ?, ?, ?, ?, ?, null)",
        )
        .run(own.id, JSON.stringify(own.process), own.version, own.startedMs, nowMs);
      return { ...own, heartbeatMs: nowMs };
    });
  }

  /** Says that the daemon is alive; `lost` when another one has its place, and else what it was asked to do. */
  heartbeat(id: string, nowMs = Date.now()): Promise<StopRequest | "go-on" | "lost"> {
    return this.#database.transaction(() => {
      const { changes } = this.#database.sql("update daemon set heartbeat_ms = ? where id = ?").run(nowMs, id);
      return changes === 0 ? "lost" : (this.#read()?.stop ?? "go-on");
    });
  }

  /** Leaves the place, if `mayLeave` says so in the same moment: a task that is queued by then has somebody to run it. */
  leave(id: string, mayLeave: () => boolean = () => true): Promise<boolean> {
    return this.#database.transaction(() => {
      if (!mayLeave()) return false;
      this.#database.sql("delete from daemon where id = ?").run(id);
      return true;
    });
  }

  /** Asks the daemon to stop; false when there is none. */
  requestStop(id: string, stop: StopRequest): Promise<boolean> {
    return this.#database.transaction(
      () => this.#database.sql("update daemon set stop = ? where id = ?").run(stop, id).changes > 0,
    );
  }

  #isThere({ process, heartbeatMs }: DaemonRecord, nowMs: number): boolean {
    return isProcessAlive(process) !== false && Math.abs(nowMs - heartbeatMs) <= this.#silenceMs;
  }

  #read(): DaemonRecord | undefined {
    const row = this.#database.sql("select id, process, version, started_ms, heartbeat_ms, stop from daemon").get();
    if (!row) return undefined;
    return this.#database.read(() => ({
      id: String(row["id"]),
      process: JSON.parse(String(row["process"])) as ProcessIdentity,
      version: String(row["version"]),
      startedMs: Number(row["started_ms"]),
      heartbeatMs: Number(row["heartbeat_ms"]),
      ...(row["stop"] === null ? {} : { stop: String(row["stop"]) as StopRequest }),
    }));
  }
}

/** Whether somebody has paused the queue. Synchronous, as the next one. */
function isPaused(database: Database): boolean {
  return database.sql("select 1 from pause").get() !== undefined;
}

/** Whether there is a task for a worker to run, or to watch. Synchronous, for the moment in which a worker leaves. */
export function hasWork(database: Database): boolean {
  const states = isPaused(database) ? "('starting', 'running')" : "('queued', 'starting', 'running', 'retry-wait')";
  return database.sql(`select 1 from task where state in ${states} limit 1`).get() !== undefined;
}
