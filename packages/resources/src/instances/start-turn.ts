import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { delay, isProcessAlive, ownProcess, type ProcessIdentity, type Service, systemClock } from "@netra-apex/core";
import type { InstanceRegistry } from "./instance-registry.ts";

interface TurnOwner {
  /** Unlike any other's. */
  readonly token: string;
  readonly process: ProcessIdentity;
}

const lookMs = 50;

let lastToken = 0;

/**
 * Runs `work` while no other process looks for, or starts, the same service of the same project, so that what several runs share
 * is started once. The turn of a process that is gone is over. Rejects with the signal's reason, or what `work` throws.
 */
export async function inStartTurn<Result>(
  registry: InstanceRegistry,
  { name }: Pick<Service, "name">,
  { projectRoot, signal }: { readonly projectRoot: string; readonly signal: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  const { createHash } = process.getBuiltinModule("node:crypto");
  const key = createHash("sha256")
    .update(JSON.stringify([projectRoot, name]))
    .digest("hex")
    .slice(0, 16);
  const directory = path.join(registry.directory, "turns");
  const file = path.join(directory, key);
  lastToken += 1;
  const owner: TurnOwner = { token: `${process.pid}-${Date.now()}-${lastToken}`, process: ownProcess() };
  const own = path.join(directory, `of-${owner.token}`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(own, JSON.stringify(owner), { mode: 0o600 });
  } catch {
    // Where nothing can be kept, nothing is shared.
    return work();
  }
  try {
    while (!tryLink(own, file)) {
      const present = readOwner(file);
      if (present && isProcessAlive(present.process) === false) removeTurn(file, present);
      else await delay(systemClock, lookMs, signal);
    }
    return await work();
  } finally {
    if (readOwner(file)?.token === owner.token) rmSync(file, { force: true });
    rmSync(own, { force: true });
  }
}

/** Whoever moves it away has it alone; a turn that was taken in between is put back. */
function removeTurn(file: string, { token }: TurnOwner): void {
  const aside = `${file}.over-${token}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (readOwner(aside)?.token !== token) tryLink(aside, file);
  rmSync(aside, { force: true });
  rmSync(path.join(path.dirname(file), `of-${token}`), { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function readOwner(file: string): TurnOwner | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as TurnOwner;
  } catch {
    return undefined;
  }
}
