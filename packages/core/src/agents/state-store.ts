import { ApexError } from "../apex-error.ts";
import { parseWith, type Schema } from "./schema.ts";
import type { AgentState, StateKey, StateProvenance } from "./agent-state.ts";

/** A value was refused by the shared state of a run. */
export class StateError extends ApexError {
  readonly code = "APEX_STATE_INVALID";
}

/** A value as it was written, in the order of the run's stream. */
export interface StateEntry extends StateProvenance {
  readonly key: string;
  readonly value: unknown;
}

interface Stored extends StateEntry {
  readonly bytes: number;
}

const defaultLimitBytes = 1024 * 1024;

/** Names a value of the shared state, and gives it its type. Without a schema, any JSON value is taken. */
export function defineStateKey<Value>(name: string, schema?: Schema<Value>): StateKey<Value> {
  return schema === undefined ? { name } : { name, schema };
}

/** The shared state of one run. Values are kept as frozen copies, so that no agent can change another's. */
export class StateStore {
  readonly #values = new Map<string, Stored>();
  readonly #limitBytes: number;
  readonly #onWrite: (entry: StateEntry) => void;
  #bytes = 0;

  /** `limitBytes` bounds keys and values together, as JSON; 1 MiB by default. */
  constructor(onWrite: (entry: StateEntry) => void, limitBytes: number = defaultLimitBytes) {
    this.#onWrite = onWrite;
    this.#limitBytes = limitBytes;
  }

  /** The state as one attempt sees it. `assertOpen` throws once the attempt is over. */
  viewOf(writer: StateProvenance, assertOpen: () => void): AgentState {
    const read = (key: StateKey<unknown> | string): unknown => this.read(nameOf(key));
    const write = (key: StateKey<unknown> | string, value: unknown): void => {
      assertOpen();
      this.write({ ...writer, key: nameOf(key), value: parsed(key, value) });
    };
    return {
      get: read,
      set: write,
      provenance: (key) => {
        const stored = this.#values.get(nameOf(key));
        return stored && { agent: stored.agent, nodeId: stored.nodeId, attempt: stored.attempt };
      },
    };
  }

  /** The present value; undefined when nobody wrote it. */
  read(key: string): unknown {
    return this.#values.get(key)?.value;
  }

  /** Replaces a value and tells the run of it. Throws `StateError`. */
  write({ key, value, agent, nodeId, attempt }: StateEntry): void {
    const json = jsonOf(key, value);
    const bytes = Buffer.byteLength(key) + Buffer.byteLength(json);
    const total = this.#bytes - (this.#values.get(key)?.bytes ?? 0) + bytes;
    if (total > this.#limitBytes) {
      throw new StateError(`"${key}" would make the run's state ${total} bytes, more than ${this.#limitBytes}`, {
        hint: "keep large results in files and share their paths",
      });
    }
    const entry = { key, value: deepFreeze(JSON.parse(json)), agent, nodeId, attempt };
    this.#values.set(key, { ...entry, bytes });
    this.#bytes = total;
    this.#onWrite(entry);
  }
}

function nameOf(key: StateKey<unknown> | string): string {
  return typeof key === "string" ? key : key.name;
}

function parsed(key: StateKey<unknown> | string, value: unknown): unknown {
  if (typeof key === "string" || key.schema === undefined) return value;
  const result = parseWith(key.schema, value);
  if ("value" in result) return result.value;
  throw new StateError(`the value of "${key.name}" is invalid: ${result.problem}`, { cause: result.cause });
}

function jsonOf(key: string, value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw new StateError(`the value of "${key}" does not survive JSON`, { cause: error });
  }
  if (json === undefined) throw new StateError(`the value of "${key}" does not survive JSON`);
  return json;
}

/** Freezes what came out of `JSON.parse`: a tree, so nothing is met twice. */
function deepFreeze(root: unknown): unknown {
  const open = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== "object" || value === null) continue;
    Object.freeze(value);
    open.push(...Object.values(value).filter((child) => typeof child === "object" && child !== null));
  }
  return root;
}
