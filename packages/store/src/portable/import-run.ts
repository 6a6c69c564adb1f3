import {
  appendFileSync,
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { decodeEvent, describeThrown, isApexError, type RunId } from "@netra-apex/core";
import {
  isRunId,
  journalOf,
  keepOutOfGit,
  runDirectoryOf,
  stagingPrefix,
  storeFiles,
} from "../journal/run-directory.ts";
import { portableVersion } from "./export-run.ts";
import { PortableRunError } from "./portable-errors.ts";
import { isSameJournal } from "./same-journal.ts";
import { wholeLines } from "./whole-lines.ts";

/** What became of a file. */
export interface ImportedRun {
  readonly runId: RunId;
  /** The store has that run already, with the same events; it stays as it is. */
  readonly wasKnown: boolean;
}

/**
 * Takes a run in: a file of `exportRun`, or the events that `apex run --json` wrote, compressed or not. Every line is checked
 * before anything is kept. `Store.catchUp` adds it to the history. Throws `PortableRunError`.
 */
export async function importRun(store: string, file: string): Promise<ImportedRun> {
  const staging = stage(store, file);
  try {
    const journal = path.join(staging, storeFiles.journal);
    const runId = await copyEvents(file, journal);
    if (existsSync(journalOf(store, runId))) {
      if (isSameJournal(journal, journalOf(store, runId))) return { runId, wasKnown: true };
      throw new PortableRunError(file, `the store has a run ${runId} already, and it is another one`, {
        hint: "two files of one run differ: one of them was cut off or changed",
      });
    }
    writeFileSync(path.join(staging, storeFiles.origin), `${JSON.stringify({ importedFrom: path.basename(file) })}\n`);
    rmSync(runDirectoryOf(store, runId), { recursive: true, force: true });
    renameSync(staging, runDirectoryOf(store, runId));
    return { runId, wasKnown: false };
  } catch (error) {
    throw isApexError(error)
      ? error
      : new PortableRunError(file, `it cannot be taken in: ${describeThrown(error)}`, { cause: error });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function stage(store: string, file: string): string {
  try {
    const runs = path.join(store, storeFiles.runs);
    mkdirSync(runs, { recursive: true });
    keepOutOfGit(store);
    return mkdtempSync(path.join(runs, stagingPrefix));
  } catch (error) {
    throw new PortableRunError(file, `there is no place for it: ${describeThrown(error)}`, {
      hint: "make the store writable, or put it elsewhere (history.directory, APEX_STORE)",
      cause: error,
    });
  }
}

/** Lines are gathered up to this size before they are written. */
const blockBytes = 1024 * 1024;

/** Far more than an event takes, and little enough for memory; in characters. */
const longestLine = 64 * 1024 * 1024;

/** Checks and copies the events; resolves with the run that they tell of. */
async function copyEvents(file: string, journal: string): Promise<RunId> {
  let lineNumber = 0;
  let runId: RunId | undefined;
  let announced: RunId | undefined;
  let seq = 0;
  let block = "";
  const fail = (problem: string): never => {
    throw new PortableRunError(lineNumber === 0 ? file : `${file}:${lineNumber}`, problem);
  };
  for await (const line of linesOf(file)) {
    lineNumber += 1;
    if (lineNumber === 1) {
      announced = headerOf(line, fail);
      if (announced !== undefined) continue;
    }
    const { runId: lineRun, seq: lineSeq, type } = envelopeOf(line, fail);
    if (type === "run_started" && runId !== undefined) fail("a second run begins");
    if (runId === undefined && type !== "run_started") fail(`a run begins with run_started, not with ${type}`);
    runId ??= lineRun;
    if (!isRunId(runId)) fail(`${JSON.stringify(runId)} cannot be the id of a run`);
    if (announced !== undefined && runId !== announced) fail(`it tells of run ${runId}, and its head of ${announced}`);
    if (lineRun !== runId) fail(`an event of run ${lineRun} among those of ${runId}`);
    if (lineSeq !== seq + 1) fail(`event ${seq + 1} is missing before event ${lineSeq}`);
    seq = lineSeq;
    block += `${line}\n`;
    if (block.length > blockBytes) {
      appendFileSync(journal, block);
      block = "";
    }
  }
  if (runId === undefined) return fail("it has no events");
  appendFileSync(journal, block);
  return runId;
}

/** The run that a head announces; undefined for a first line that is no head. */
function headerOf(line: string, fail: (problem: string) => never): RunId | undefined {
  const header = parsed(line, fail);
  if (header["format"] === undefined) return undefined;
  if (header["format"] !== "apex-run") fail(`its format is ${JSON.stringify(header["format"])}, not apex-run`);
  const version = header["version"];
  if (typeof version !== "number" || version > portableVersion) {
    fail(`it is of version ${JSON.stringify(version)}, and this apex reads ${portableVersion}`);
  }
  return typeof header["runId"] === "string" ? header["runId"] : fail("its head names no run");
}

function envelopeOf(line: string, fail: (problem: string) => never) {
  try {
    const event = decodeEvent(line);
    if (event) return event;
  } catch (error) {
    fail(describeThrown(error));
  }
  // An event of a newer version: its envelope has been checked.
  return parsed(line, fail) as { readonly runId: RunId; readonly seq: number; readonly type: string };
}

function parsed(line: string, fail: (problem: string) => never): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    fail(`not JSON: ${describeThrown(error)}`);
  }
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : fail("no JSON object");
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const isCompressed = isGzip(file);
  // Loaded here, because every run loads this package, and next to none imports anything.
  const { createGunzip } = await import("node:zlib");
  const source = createReadStream(file);
  const gunzip = createGunzip();
  // A pipe does not carry errors on.
  if (isCompressed) source.on("error", (error) => gunzip.destroy(error));
  try {
    const lines = wholeLines(isCompressed ? source.pipe(gunzip) : source, longestLine);
    for await (const line of lines) if (line !== "") yield line;
  } catch (error) {
    const cut = isCompressed ? "it is cut off or damaged" : "it cannot be read";
    throw new PortableRunError(file, `${cut}: ${describeThrown(error)}`, { cause: error });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

function isGzip(file: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    throw new PortableRunError(file, `it cannot be read: ${describeThrown(error)}`, { cause: error });
  }
  try {
    const magic = Buffer.alloc(2);
    readSync(descriptor, magic);
    return magic[0] === 0x1f && magic[1] === 0x8b;
  } finally {
    closeSync(descriptor);
  }
}
