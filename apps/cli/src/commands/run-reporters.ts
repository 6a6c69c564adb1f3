import {
  type Config,
  ConfigError,
  isApexError,
  type Reporter,
  type ReporterContext,
  type ReporterReview,
  type RunId,
} from "@netra-apex/core";
import {
  chooseProgressMode,
  chooseReporters,
  cleanLine,
  type ChosenReporters,
  openReporters,
  parseReporterRequest,
  type ProgressMode,
} from "@netra-apex/progress";
import type { CliOptions } from "../flags.ts";
import { apexVersion } from "../version.ts";
import { ownStdout } from "./own-stdout.ts";
import { rerunPrefix } from "./rerun-prefix.ts";

/** What a command line says of reporters. */
export type ShowOptions = Pick<CliOptions, "progressMode" | "reporter" | "json" | "verbose" | "config" | "env">;

/** What a config says of reporters. */
export type ReporterConfig = Pick<Config, "reporters" | "projectRoot" | "files">;

/** Reporters that were decided on, and where their files and modules are. */
export interface ReporterChoice extends ChosenReporters {
  readonly cwd: string;
  /** Absent where the command line has decided alone. */
  readonly config?: ReporterConfig;
}

/** The reporters of a run, opened. */
export interface RunReporters {
  readonly reporters: readonly Reporter[];
  /** Tells a person something in the middle of the run. */
  notice(message: string): void;
  /** Gives back what was taken of the process; the reporters are closed by whoever tells them the events. */
  release(): void;
}

/**
 * Decides what shows a run: what the command line says, and the reporters of the config where it names none. `usualMode` is for
 * where nothing was asked for; by default it depends on the terminal. Throws `ReporterConflictError` or `ConfigError`.
 */
export function chosenReporters(
  { progressMode, json, reporter }: ShowOptions,
  { usualMode, config }: { readonly usualMode?: ProgressMode; readonly config?: ReporterConfig } = {},
): ReporterChoice {
  const { stderr, env } = process;
  const ofConfig = reporter === undefined && config && config.reporters.length > 0 ? config : undefined;
  const cwd = ofConfig?.projectRoot ?? process.cwd();
  const choose = (): ChosenReporters =>
    chooseReporters({
      requests: (ofConfig?.reporters ?? reporter ?? []).map(parseReporterRequest),
      mode: chooseProgressMode({ requested: progressMode ?? (json ? undefined : usualMode), json, stderr, env }),
      isModeAsked: json === true || progressMode !== undefined,
      isModeFirst: ofConfig !== undefined,
      cwd,
    });
  if (!ofConfig) return { ...choose(), cwd };
  try {
    return { ...choose(), cwd, config: ofConfig };
  } catch (error) {
    throw located(error, ofConfig);
  }
}

/** Opens reporters. Throws `UnknownReporterError`, `ReporterModuleError`, `ReporterFileError` or `ConfigError`. */
export async function openRunReporters(
  { reporters: chosen, stdout: holds, cwd, config }: ReporterChoice,
  options: ShowOptions,
  run: { readonly runId: RunId; readonly projectRoot: string } & Pick<ReporterContext, "background">,
): Promise<RunReporters> {
  const owned = holds === "data" ? ownStdout() : { stdout: process.stdout, release: () => undefined };
  try {
    const reporters = await openReporters(chosen, {
      ...run,
      cwd,
      stdout: owned.stdout,
      stderr: process.stderr,
      env: process.env,
      apexVersion,
      verbose: options.verbose ?? false,
      rerunPrefix: rerunPrefix(process.argv[1] ?? "apex", options),
    });
    return { reporters, notice: (message) => notice(reporters, message), release: () => owned.release() };
  } catch (error) {
    owned.release();
    throw config ? located(error, config) : error;
  }
}

/** Names the reporters that something is wrong with: on stderr, when all is over. */
export function sayOfReporters({ failures, slow }: ReporterReview): void {
  for (const { reporter, message, isDropped } of failures) {
    const how = isDropped ? "failed in the middle and was dropped" : "could not finish";
    process.stderr.write(`warning  the ${cleanLine(reporter, 60)} reporter ${how}: ${cleanLine(message, 500)}\n`);
  }
  for (const { reporter, busyMs, runMs } of slow) {
    const share = `${seconds(busyMs)} of ${seconds(runMs)}`;
    process.stderr.write(
      `warning  the ${cleanLine(reporter, 60)} reporter held everything up: it took ${share} to take events\n`,
    );
  }
}

/** The same fault, as one of the config. */
function located(error: unknown, { files: [file] }: ReporterConfig): unknown {
  if (!isApexError(error)) return error;
  const { message, hint } = error;
  return new ConfigError([
    { message, path: ["reporters"], ...(hint !== undefined && { hint }), ...(file !== undefined && { file }) },
  ]);
}

function notice(reporters: readonly Reporter[], message: string): void {
  const screen = reporters.find((reporter) => "notice" in reporter);
  try {
    if (screen?.notice) {
      screen.notice(message);
      return;
    }
  } catch {
    // It is said all the same.
  }
  process.stderr.write(`${message}\n`);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
