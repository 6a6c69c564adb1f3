import type { Clock } from "@netra-apex/core";
import { backgroundClock } from "./background-clock.ts";
import type { NarrationOptions } from "./narration.ts";
import type { OutputEnv, OutputStream } from "./output-stream.ts";
import { choosePalette } from "./render/palette.ts";

/** What a reporter for people is made with. */
export interface ReporterOptions {
  /** Results. */
  readonly stdout: OutputStream;
  /** Progress. */
  readonly stderr: OutputStream;
  /** Decides about colours; nothing is read from the process itself. Default: empty. */
  readonly env?: OutputEnv;
  /** Also show each node's start and end, and its output. Default: false. */
  readonly verbose?: boolean;
  /** Default: the machine's clock, with timers that do not keep the process alive. */
  readonly clock?: Clock;
  /** The program, its command and the flags that a printed rerun command starts with. Default: `["apex", "run"]`. */
  readonly rerunPrefix?: readonly string[];
  /**
   * What runs beside the run, such as a queue in the background: a line each, none when there is nothing. The live screen asks with every
   * frame, so it must answer at once.
   */
  readonly background?: () => readonly string[];
}

/** The same with defaults filled in. */
export function resolveOptions(options: ReporterOptions): NarrationOptions & { readonly clock: Clock } {
  const { stdout, stderr, env = {}, verbose = false, clock = backgroundClock, rerunPrefix = ["apex", "run"] } = options;
  const palettes = { stdout: choosePalette(stdout, env), stderr: choosePalette(stderr, env) };
  const columns = (): number | undefined => (stdout.isTTY ? stdout.columns : undefined);
  return { verbose, clock, rerunPrefix, palettes, columns };
}
