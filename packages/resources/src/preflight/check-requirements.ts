import { statfs } from "node:fs/promises";
import process from "node:process";
import {
  describeThrown,
  formatDuration,
  formatSize,
  type LayerRequirements,
  type MissingResource,
} from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import type { InstanceRecord } from "../instances/instance-record.ts";
import { describeHolder, fixForHolder, portHolder } from "../ports/port-holder.ts";
import { isListening } from "../ports/is-listening.ts";
import { availableMemoryBytes } from "./available-memory.ts";
import { expiryProblem, jwtExpiry } from "./jwt-expiry.ts";
import { within } from "./within.ts";

/** Why there is no engine that runs containers. */
export type MissingEngine = Pick<MissingResource, "reason" | "fix">;

/** What the needs of a layer are held against. */
export interface RequirementFacts extends AskLimits {
  readonly projectRoot: string;
  /** Where credentials are; that of this process by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** What the layer may last, in milliseconds: a credential must be good for as long. */
  readonly layerBudgetMs?: number;
  /** What is wrong with the engine that runs containers, or nothing. */
  readonly engineStatus?: (limits: AskLimits) => Promise<MissingEngine | undefined>;
  /** What apex has started, so that a port's holder can be named as a service. */
  readonly records?: readonly InstanceRecord[];
}

/**
 * What a layer needs of the machine and is not there, all at once, by the deadline at the latest: what could not be found out until then is
 * missing, and says so. Rejects only with the signal's reason.
 */
export async function checkRequirements(
  needs: LayerRequirements,
  facts: RequirementFacts,
): Promise<readonly MissingResource[]> {
  const { freeMemoryBytes, freeDiskBytes, ports = [], docker = false, credentials = [] } = needs;
  const checks = [
    ...(freeMemoryBytes === undefined ? [] : [checkMemory(freeMemoryBytes)]),
    ...(freeDiskBytes === undefined ? [] : [checkDisk(freeDiskBytes, facts)]),
    ...ports.map((port) => checkPort(port, facts)),
    ...(docker ? [checkEngine(facts)] : []),
    ...credentials.map((name) => checkCredential(name, facts)),
  ];
  const found = await Promise.all(checks);
  return found.filter((missing) => missing !== undefined);
}

type Found = Promise<MissingResource | undefined>;

async function checkMemory(wanted: number): Found {
  const available = availableMemoryBytes();
  if (available >= wanted) return undefined;
  const reason = `${formatSize(wanted)} of free memory are needed, and there are ${formatSize(available)}`;
  return { kind: "memory", name: "memory", reason, fix: "end other programs, or lower free_memory" };
}

async function checkDisk(wanted: number, { projectRoot, ...limits }: RequirementFacts): Found {
  const missing = (reason: string): MissingResource => {
    const fix = "make room (docker system prune, old test reports), or lower free_disk";
    return { kind: "disk", name: projectRoot, reason, fix };
  };
  try {
    const disk = await within(statfs(projectRoot), limits);
    if (disk === "late") return missing(`the disk of ${projectRoot} ${late(limits)}`);
    const free = disk.bavail * disk.bsize;
    if (free >= wanted) return undefined;
    const needed = `${formatSize(wanted)} of free disk are needed at ${projectRoot}`;
    return missing(`${needed}, and there are ${formatSize(free)}`);
  } catch (error) {
    limits.signal.throwIfAborted();
    return missing(`the free disk at ${projectRoot} cannot be told: ${describeThrown(error)}`);
  }
}

async function checkPort(port: number, { records = [], ...limits }: RequirementFacts): Found {
  const about = { kind: "port", name: String(port) } as const;
  const looked = await within(isListening(port), limits);
  if (looked === "late") return { ...about, reason: `port ${port} ${late(limits)}` };
  if (!looked) return undefined;
  const holder = await within(portHolder(port, records), limits);
  if (holder === "late" || !holder) return { ...about, reason: `port ${port} is held by another process` };
  return { ...about, reason: `port ${port} is held by ${describeHolder(holder)}`, fix: fixForHolder(holder) };
}

async function checkEngine({ engineStatus, deadlineMs, signal }: RequirementFacts): Found {
  if (!engineStatus) return undefined;
  const about = { kind: "docker", name: "docker" } as const;
  try {
    const limits = { deadlineMs, signal };
    const problem = await within(engineStatus(limits), limits);
    if (problem !== "late") return problem && { ...about, ...problem };
    return { ...about, reason: `the container engine ${late(limits)}`, fix: "docker info" };
  } catch (error) {
    signal.throwIfAborted();
    return { ...about, reason: `the container engine cannot be asked: ${describeThrown(error)}`, fix: "docker info" };
  }
}

async function checkCredential(name: string, { env = process.env, layerBudgetMs = 0 }: RequirementFacts): Found {
  const about = { kind: "credential", name } as const;
  const value = env[name];
  if (value === undefined || value.trim() === "") {
    const reason = value === undefined ? `${name} is not set` : `${name} is empty`;
    return { ...about, reason, fix: `export ${name}=…` };
  }
  const expiresMs = jwtExpiry(value.trim());
  const nowMs = Date.now();
  const problem = expiresMs && expiryProblem(expiresMs, { nowMs, untilMs: nowMs + layerBudgetMs });
  return problem
    ? { ...about, reason: `the token in ${name} ${problem}`, fix: `get a new one: export ${name}=…` }
    : undefined;
}

function late({ deadlineMs }: Pick<AskLimits, "deadlineMs">): string {
  return `could not be looked at within ${formatDuration(deadlineMs)}`;
}
