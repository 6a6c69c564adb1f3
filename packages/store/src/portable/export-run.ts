import { createReadStream, createWriteStream, renameSync, rmSync } from "node:fs";
import process from "node:process";
import { describeThrown, type RunId } from "@netra-apex/core";
import { journalOf } from "../journal/run-directory.ts";
import { PortableRunError } from "./portable-errors.ts";

/** The first line of a portable run file; the journal follows, all of it compressed with gzip. */
export interface PortableHeader {
  readonly format: "apex-run";
  readonly version: number;
  readonly runId: RunId;
}

/** The version that is written; readers take this one and any older. */
export const portableVersion = 1;

/**
 * Writes a run to one file that `importRun` takes in on any machine. The file appears when it is complete. Throws
 * `PortableRunError`.
 */
export async function exportRun(store: string, runId: RunId, file: string): Promise<void> {
  const header: PortableHeader = { format: "apex-run", version: portableVersion, runId };
  const part = `${file}.${process.pid}.part`;
  try {
    // Loaded here, because every run loads this package, and next to none exports anything.
    const [{ Readable }, { pipeline }, { createGzip }] = await Promise.all([
      import("node:stream"),
      import("node:stream/promises"),
      import("node:zlib"),
    ]);
    await pipeline(
      Readable.from(portableBytes(header, createReadStream(journalOf(store, runId)))),
      createGzip(),
      createWriteStream(part),
    );
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw new PortableRunError(file, `the run cannot be written: ${describeThrown(error)}`, {
      hint: "look at the file's directory and its disk",
      cause: error,
    });
  }
}

/** Without a last line that was cut off while it was written. */
async function* portableBytes(header: PortableHeader, journal: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from(`${JSON.stringify(header)}\n`);
  let rest: Buffer[] = [];
  for await (const block of journal) {
    const end = block.lastIndexOf("\n") + 1;
    if (end > 0) {
      yield* rest;
      yield block.subarray(0, end);
      rest = [];
    }
    if (end < block.length) rest.push(block.subarray(end));
  }
}
