import os from "node:os";
import type { RunHost } from "./run-surroundings.ts";

/** The machine that this is; whether it is a CI service's is for its user to add. */
export function thisHost(): RunHost {
  return {
    platform: process.platform,
    arch: process.arch,
    node: process.versions.node,
    cpus: os.availableParallelism(),
    memoryBytes: os.totalmem(),
  };
}
