import { accessSync, constants, createWriteStream, mkdirSync, openSync, statSync } from "node:fs";
import { mkdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { describeThrown, type Reporter, type ReporterStream } from "@netra-apex/core";
import { ReporterFileError } from "./reporter-errors.ts";

/** Whose file it is, for the error. */
export interface FileOwner {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
}

/** Makes the directory of a file that a reporter will write in the end. Throws `ReporterFileError` where it could not be written. */
export function prepareFile({ name, file }: FileOwner): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    const known = statSync(file, { throwIfNoEntry: false });
    if (known?.isDirectory()) throw new Error("it is a directory");
    accessSync(known ? file : path.dirname(file), constants.W_OK);
  } catch (error) {
    throw unwritable({ name, file }, error);
  }
}

/** A file as a reporter's stream, from its first byte on. */
export interface FileStream {
  readonly stream: ReporterStream;
  /** The reporter, with the file closed after it. */
  readonly closedWith: (reporter: Reporter) => Reporter;
  /** Without one. */
  readonly close: () => void;
}

/** Opens a file and makes its directory. Throws `ReporterFileError`. */
export function openFileStream(owner: FileOwner): FileStream {
  prepareFile(owner);
  let descriptor: number;
  try {
    descriptor = openSync(owner.file, "w");
  } catch (error) {
    throw unwritable(owner, error);
  }
  const stream = createWriteStream(owner.file, { fd: descriptor });
  // Its faults are the reporter's to tell, as long as it listens.
  stream.on("error", () => undefined);
  const end = (): Promise<void> =>
    new Promise((resolve) => (stream.closed ? resolve() : stream.once("close", resolve).end()));
  return {
    stream,
    close: () => void stream.destroy(),
    closedWith: (reporter) => ({
      name: reporter.name,
      onEvent: (event) => reporter.onEvent(event),
      close: async () => {
        try {
          await reporter.close?.();
        } finally {
          await end();
        }
      },
    }),
  };
}

/**
 * Writes a whole file, whose readers see the old or the new one and nothing between. What is no plain file (a pipe, a device) is
 * written as it is. Throws `ReporterFileError`.
 */
export async function writeWholeFile(owner: FileOwner, text: string): Promise<void> {
  try {
    await mkdir(path.dirname(owner.file), { recursive: true });
    const known = await stat(owner.file).catch(() => undefined);
    if (known && !known.isFile()) {
      await writeFile(owner.file, text);
      return;
    }
    const target = known ? await realpath(owner.file) : owner.file;
    const unfinished = `${target}.${process.pid}.tmp`;
    try {
      await writeFile(unfinished, text);
      await rename(unfinished, target);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  } catch (error) {
    throw unwritable(owner, error);
  }
}

function unwritable({ name, file }: FileOwner, error: unknown): ReporterFileError {
  return new ReporterFileError(`the ${name} reporter cannot write ${file}: ${describeThrown(error)}`, {
    hint: "give it another file, or look at the directory that it should go to",
    cause: error,
  });
}
