import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { describeThrown, type LogSettings, type Reporter, type RunId } from "@netra-apex/core";
import { createLogReporter } from "@netra-apex/progress/log";

/** Lines are gathered until there are this many characters, or this much time has passed. */
const blockLength = 64 * 1024;
const flushMs = 500;

/**
 * The log file of a run: `<directory>/<run>.log`, with older ones beyond the limit removed at the end.
 * Throws what the file system throws.
 */
export function createRunLog(projectRoot: string, runId: RunId, settings: LogSettings): Reporter {
  const directory = path.resolve(projectRoot, settings.directory);
  mkdirSync(directory, { recursive: true });
  keepOutOfGit(directory);
  const file = new LineFile(path.join(directory, `${runId}.log`));
  return createLogReporter({
    level: settings.level,
    writeLine: (line) => file.add(line),
    close: () => {
      file.close();
      removeOldest(directory, settings.keep);
    },
  });
}

/** Appends lines in blocks: the log is read by people, who can wait for half a second. */
class LineFile {
  readonly #descriptor: number;
  #lines = "";
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;

  constructor(file: string) {
    this.#descriptor = openSync(file, "a");
  }

  /** Throws what the file system said when an earlier block was written. */
  add(line: string): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#lines += `${line}\n`;
    if (this.#lines.length > blockLength) this.#write();
    else this.#timer ??= setTimeout(() => this.#writeInTime(), flushMs).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    try {
      this.#write();
    } finally {
      closeSync(this.#descriptor);
    }
  }

  #writeInTime(): void {
    this.#timer = undefined;
    try {
      this.#write();
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(describeThrown(error));
    }
  }

  #write(): void {
    const block = Buffer.from(this.#lines);
    this.#lines = "";
    for (let written = 0; written < block.length;) written += writeSync(this.#descriptor, block, written);
  }
}

function keepOutOfGit(directory: string): void {
  try {
    writeFileSync(path.join(directory, ".gitignore"), "*\n", { flag: "wx" });
  } catch {
    // It is there already.
  }
}

function removeOldest(directory: string, keep: number): void {
  // The names begin with the time; whatever else is in there is not ours to remove.
  const logs = readdirSync(directory).filter((name) => /^\d{8}-\d{6}-\w+\.log$/.test(name));
  for (const name of logs.sort().slice(0, -keep)) rmSync(path.join(directory, name), { force: true });
}
