import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";

/**
 * Makes a directory and those above it. Step by step, because Node's recursive way never comes back where a file system takes
 * no directories but says that the parent is missing (/proc). Throws what the file system throws.
 */
export function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  const parent = path.dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  try {
    mkdirSync(directory);
  } catch (error) {
    // Another process was quicker.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
