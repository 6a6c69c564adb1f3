import type { NodeId } from "../ids.ts";
import type { Schema } from "./schema.ts";

/** The name of a value in the shared state, with its type. */
export interface StateKey<Value> {
  readonly name: string;
  /** Checked when the value is written. */
  readonly schema?: Schema<Value>;
}

/** Who wrote a value, and when. */
export interface StateProvenance {
  readonly agent: string;
  readonly nodeId: NodeId;
  readonly attempt: number;
}

/**
 * What the agents of one run share: values by key, each replaced as a whole, never changed in place (reading gives a
 * frozen copy). Values must survive JSON. What a node of an interrupted run wrote is there again when its pass is kept.
 */
export interface AgentState {
  /** Undefined when nobody wrote it. */
  get<Value>(key: StateKey<Value>): Value | undefined;
  get(key: string): unknown;
  /** Throws `StateError` for a value that its schema or JSON refuses, or that makes the state too large. */
  set<Value>(key: StateKey<Value>, value: NoInfer<Value>): void;
  set(key: string, value: unknown): void;
  /** Who wrote the present value. */
  provenance(key: StateKey<unknown> | string): StateProvenance | undefined;
}
