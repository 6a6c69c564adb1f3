import type { Clock } from "../clock.ts";
import type { Reporter } from "./reporter.ts";

/** Where a reporter writes: a stream, with what a terminal tells about itself. `process.stdout` is one. */
export type ReporterStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** What a reporter is made with. */
export interface ReporterContext {
  /** For results. Another stream than the process's own where somebody else has that: write here, never to `process.stdout`. */
  readonly stdout: ReporterStream;
  /** For progress and warnings. */
  readonly stderr: ReporterStream;
  /** The absolute path that `--reporter NAME=FILE` gives; its directory is there. */
  readonly file?: string;
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The project whose tests are run. */
  readonly projectRoot: string;
  readonly apexVersion: string;
  /** The program, its command and the flags that a command line which runs something again starts with. */
  readonly rerunPrefix: readonly string[];
  /** More was asked for: each node's progress, and what it prints. */
  readonly verbose: boolean;
  /** What runs beside the run, such as a queue in the background, a line each; cheap enough to be asked with every frame. */
  readonly background?: () => readonly string[];
  /** Default: the machine's clock, with timers that do not keep the process alive. */
  readonly clock?: Clock;
}

/** Makes a reporter: what a module for `--reporter` exports as `default`, `reporter` or `createReporter`. */
export type ReporterFactory = (context: ReporterContext) => Reporter | Promise<Reporter>;
