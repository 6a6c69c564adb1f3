import type { ProcessIdentity } from "@netra-apex/core";

/**
 * What apex has started for a service, kept in a file of this machine, so that whoever comes after a process that was killed
 * finds it: who it belongs to, and what has to be stopped.
 */
export interface InstanceRecord {
  /** Unlike any other's. */
  readonly id: string;
  readonly service: string;
  /** Absolute. */
  readonly projectRoot: string;
  /** Of everything in its config that decides what is started: another one is another service. */
  readonly configHash: string;
  /** The apex that started it: as long as it lives, it is no leftover. */
  readonly owner: ProcessIdentity;
  /** It is meant to outlive its owner. */
  readonly keep: boolean;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly host: string;
  readonly port?: number;
  /** Own numbers to those of this machine. */
  readonly ports?: readonly (readonly [number, number])[];
  /** A directory that goes with it; absolute. */
  readonly directory?: string;
  /** Its output; absolute. */
  readonly logFile?: string;
  /** What it is, by what runs it. */
  readonly what:
    | {
        readonly kind: "command";
        readonly process: ProcessIdentity;
        readonly commandLine: string;
        /** Asks it to end; SIGTERM when absent. */
        readonly stopSignal?: NodeJS.Signals;
        readonly stopTimeoutMs: number;
      }
    | { readonly kind: "docker"; readonly container: string; readonly engine: string }
    | {
        readonly kind: "docker_compose";
        readonly project: string;
        readonly file: string;
        readonly service: string;
        readonly engine: string;
        /** What the project had before: ids of containers and networks, names of volumes. It stays when the rest goes. */
        readonly existed: readonly string[];
        /** Ids of the containers that were made for it; not known while compose was still at it. */
        readonly made?: readonly string[];
      };
}
