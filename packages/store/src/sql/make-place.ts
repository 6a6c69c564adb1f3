import { closeSync, openSync } from "node:fs";
import path from "node:path";
import { makeDirectory } from "../journal/make-directory.ts";
import { placeError } from "./store-errors.ts";

/**
 * Makes the directory of a database that is to be; with a mode, also the file, empty, which SQLite's own files beside it take
 * after. What is there stays as it is. Throws `StoreError`.
 */
export function makePlace(file: string, { mode }: { readonly mode?: number } = {}): void {
  try {
    makeDirectory(path.dirname(file));
    if (mode !== undefined) closeSync(openSync(file, "ax", mode));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return;
    throw placeError(file, error);
  }
}
