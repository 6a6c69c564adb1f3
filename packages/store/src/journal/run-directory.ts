import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  ApexError,
  describeThrown,
  isProcessAlive,
  ownProcess,
  type ProcessIdentity,
  type RunId,
} from "@netra-apex/core";
import { makeDirectory } from "./make-directory.ts";

/** The directory for a run's journal, logs and reports cannot be made. */
export class RunDirectoryError extends ApexError {
  readonly code = "APEX_RUN_DIRECTORY";

  constructor(directory: string, cause: unknown) {
    super(`the run's logs cannot be kept in ${directory}: ${describeThrown(cause)}`, {
      hint: "apex writes to .apex in the project's root; make it writable, or put it elsewhere (history.directory, APEX_STORE)",
      cause,
    });
  }
}

/** Names of the files in a store. */
export const storeFiles = {
  database: "apex.db",
  runs: "runs",
  journal: "events.ndjson",
  owner: "owner.json",
  /** Only of a run that was made elsewhere. */
  origin: "origin.json",
} as const;

/** Begins the names of directories in which runs are put together before they join the others. */
export const stagingPrefix = ".import-";

/** Where a run keeps its files. */
export function runDirectoryOf(store: string, runId: RunId): string {
  return path.join(store, storeFiles.runs, runId);
}

/** Where a run's journal is. */
export function journalOf(store: string, runId: RunId): string {
  return path.join(runDirectoryOf(store, runId), storeFiles.journal);
}

/**
 * Makes the directory of a run, says in it whose it is, and keeps the whole store out of git. Returns its path. Throws
 * `RunDirectoryError`.
 */
export function createRunDirectory(store: string, runId: RunId): string {
  const directory = runDirectoryOf(store, runId);
  try {
    makeDirectory(directory);
    writeFileSync(path.join(directory, storeFiles.owner), `${JSON.stringify(ownProcess())}\n`);
  } catch (error) {
    throw new RunDirectoryError(directory, error);
  }
  keepOutOfGit(store);
  return directory;
}

/** Where that fails, nothing but a line of `git status` is lost. */
export function keepOutOfGit(store: string): void {
  try {
    writeFileSync(path.join(store, ".gitignore"), "*\n", { flag: "wx" });
  } catch {
    // It is there already.
  }
}

/** Ids of the runs that have a directory, oldest first. */
export function listRunDirectories(store: string): RunId[] {
  try {
    const entries = readdirSync(path.join(store, storeFiles.runs), { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() && isRunId(entry.name) ? [entry.name] : [])).sort();
  } catch {
    return [];
  }
}

/** Whether a text can be the id of a run, which becomes a part of paths. */
export function isRunId(text: string): boolean {
  return /^[\w][\w.-]{0,127}$/.test(text) && !text.includes("..");
}

/** Whether the process that makes the run is still there; `undefined` where that cannot be known. */
export function isRunUnderWay(store: string, runId: RunId): boolean | undefined {
  try {
    const text = readFileSync(path.join(runDirectoryOf(store, runId), storeFiles.owner), "utf8");
    const owner = JSON.parse(text) as ProcessIdentity;
    return typeof owner.pid === "number" && typeof owner.place === "string" ? isProcessAlive(owner) : false;
  } catch {
    // Imported runs, and those of before there was an owner, have none.
    return false;
  }
}

/** Whether the run was made elsewhere. */
export function isImported(store: string, runId: RunId): boolean {
  return existsSync(path.join(runDirectoryOf(store, runId), storeFiles.origin));
}

/** Bytes of all files of a run. */
export function sizeOfRun(store: string, runId: RunId): number {
  return sizeOf(runDirectoryOf(store, runId));
}

function sizeOf(directory: string): number {
  let bytes = 0;
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      bytes += statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
    }
  } catch {
    // Somebody removes it at this moment.
  }
  return bytes;
}
