import { accessSync, constants, existsSync } from "node:fs";
import path from "node:path";
import { ApexError, describeThrown } from "@netra-apex/core";

/** What is wrong with the store's database, one code for each thing that can be done about it. */
export type StoreErrorCode =
  | "APEX_STORE_BUSY"
  | "APEX_STORE_DAMAGED"
  | "APEX_STORE_FOREIGN"
  | "APEX_STORE_FULL"
  | "APEX_STORE_NEWER"
  | "APEX_STORE_READ_ONLY"
  | "APEX_STORE_UNAVAILABLE"
  | "APEX_STORE_UNSAFE";

/** The store's database cannot be used; the file is as it was. */
export class StoreError extends ApexError {
  readonly code: StoreErrorCode;
  /** Of the database. */
  readonly file: string;

  constructor(code: StoreErrorCode, file: string, problem: string, options: { hint: string; cause?: unknown }) {
    super(`${file}: ${problem}`, options);
    this.code = code;
    this.file = file;
  }
}

/** What a person can do about a database, by what it is kept for. */
export interface DatabaseHints {
  readonly damaged: string;
  /** The disk has no space left. */
  readonly full: string;
}

/** Of the history: it can be made again from the journals. */
export const historyHints: DatabaseHints = {
  damaged: "apex store rebuild puts it aside and makes a new one from the journals of the runs that are still there",
  full: "free some space; what is in the store is whole, and the run's journal keeps what could be written of it",
};

/** SQLite's primary result codes that mean something of their own here: https://www.sqlite.org/rescode.html */
const primary = { busy: 5, locked: 6, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cantOpen: 14, notADatabase: 26 };

/** Whether somebody else holds a lock, so that trying again can help. */
export function isBusy(code: number | undefined): boolean {
  const kind = (code ?? 0) & 0xff;
  return kind === primary.busy || kind === primary.locked;
}

/** Whether the file, or one that belongs to it, could not be opened. */
export function isCannotOpen(code: number | undefined): boolean {
  return ((code ?? 0) & 0xff) === primary.cantOpen;
}

/** The named error for a database whose file or directory is not to be written to; undefined where both are. */
export function readOnlyError(file: string): StoreError | undefined {
  try {
    let directory = path.dirname(file);
    while (!existsSync(directory) && directory !== path.dirname(directory)) directory = path.dirname(directory);
    accessSync(directory, constants.W_OK);
    if (existsSync(file)) accessSync(file, constants.W_OK);
    return undefined;
  } catch (error) {
    return storeError(file, primary.readOnly, { cause: error });
  }
}

/** The named error for what SQLite said. */
export function storeError(
  file: string,
  code: number | undefined,
  { cause, hints = historyHints }: { readonly cause: unknown; readonly hints?: DatabaseHints | undefined },
): StoreError {
  const said = describeThrown(cause);
  switch ((code ?? 0) & 0xff) {
    case primary.busy:
    case primary.locked:
      return new StoreError("APEX_STORE_BUSY", file, "another process holds it for too long", {
        hint: "try again; a process that was stopped in the middle of writing keeps its lock until it goes on or ends",
        cause,
      });
    case primary.readOnly:
      return new StoreError("APEX_STORE_READ_ONLY", file, `it cannot be written to: ${said}`, {
        hint: "make the file and its directory writable, or put the store elsewhere (history.directory, APEX_STORE)",
        cause,
      });
    case primary.corrupt:
    case primary.notADatabase:
      return damaged(file, said, { cause, hints });
    case primary.full:
      return new StoreError("APEX_STORE_FULL", file, `the disk is full: ${said}`, {
        hint: hints.full,
        cause,
      });
    default:
      return new StoreError("APEX_STORE_UNAVAILABLE", file, `it cannot be used: ${said}`, {
        hint: "look at the file, its directory and its disk; the store can be put elsewhere (history.directory, APEX_STORE)",
        cause,
      });
  }
}

/** The named error for what the file system said about the place of the database. */
export function placeError(file: string, cause: unknown): StoreError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  // Making a directory on a read-only disk can fail as if something were missing.
  return readOnlyError(file) ?? storeError(file, code === "ENOSPC" ? primary.full : undefined, { cause });
}

/** For a file of which some is not what SQLite has written. */
export function damaged(
  file: string,
  problem: string,
  { cause, hints = historyHints }: { readonly cause?: unknown; readonly hints?: DatabaseHints | undefined } = {},
): StoreError {
  return new StoreError("APEX_STORE_DAMAGED", file, `it is damaged: ${problem}`, {
    hint: hints.damaged,
    ...(cause === undefined ? {} : { cause }),
  });
}
