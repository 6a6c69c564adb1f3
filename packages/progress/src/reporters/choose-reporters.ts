import path from "node:path";
import type { ProgressMode } from "../choose-progress-mode.ts";
import { ReporterConflictError } from "./reporter-errors.ts";
import { type ReporterRequest, requestText } from "./reporter-request.ts";
import { type ReporterEntry, reporterTable } from "./reporter-table.ts";

/** What was asked for. */
export interface ReportersQuestion {
  readonly requests: readonly ReporterRequest[];
  /** How the run shows itself where no reporter has stdout. */
  readonly mode: ProgressMode;
  /** It was asked for by name, and is no default. */
  readonly isModeAsked: boolean;
  /** Requests that would take stdout from a mode that was asked for are left out, and no conflict. */
  readonly isModeFirst?: boolean;
  /** Files are relative to it. */
  readonly cwd: string;
}

/** A reporter that a run will have. */
export interface ChosenReporter {
  readonly name: string;
  /** Absent for one of somebody else. */
  readonly entry?: ReporterEntry;
  /** Absolute; may have `{run}` and `{layer}` in it. */
  readonly file?: string;
  /** Results go to stdout. */
  readonly hasStdout: boolean;
}

/** The reporters that a run will have. */
export interface ChosenReporters {
  readonly reporters: readonly ChosenReporter[];
  /** What stdout holds: lines for people, or data, to which nobody else may add a byte. */
  readonly stdout: "lines" | "data";
  /** Something on the terminal is drawn and drawn again. */
  readonly isLive: boolean;
}

/**
 * Decides which reporters a run has: those that were asked for, and the way of showing it unless one of them writes to stdout
 * itself. Throws `ReporterConflictError` where two want stdout or the same file.
 */
export function chooseReporters(question: ReportersQuestion): ChosenReporters {
  const { requests, mode, isModeAsked, isModeFirst = false, cwd } = question;
  const all = requests.map((request) => chosenOf(request, cwd));
  const asked = isModeAsked && isModeFirst ? all.filter(({ hasStdout }) => !hasStdout) : all;
  const takers = asked.filter(({ hasStdout }) => hasStdout);
  const isShown = takers.length === 0 || (isModeAsked && !takers.some(({ name }) => name === mode));
  const reporters = isShown ? [chosenOf({ name: mode }, cwd), ...asked] : asked;
  const [owner, rival] = reporters.filter(({ hasStdout }) => hasStdout);
  if (owner && rival) throw bothWantStdout(owner, rival);
  assertOwnFiles(reporters);
  return {
    reporters,
    // Of somebody else's, it is not known.
    stdout: owner?.entry?.writes === "lines" ? "lines" : "data",
    isLive: owner?.name === "rich",
  };
}

function chosenOf(request: ReporterRequest, cwd: string): ChosenReporter {
  const { name, file } = request;
  const entry = Object.hasOwn(reporterTable, name) ? reporterTable[name] : undefined;
  const isStdout = file === "-" || (file === undefined && entry !== undefined && entry.writes !== "elsewhere");
  if (file !== undefined && file !== "-" && entry?.file === "none") {
    throw new ReporterConflictError(`${requestText(request)}: the ${name} reporter writes no file`, {
      ...(name === "rich" ? { hint: `it draws on a terminal; for the same in a file: simple=${file}` } : {}),
    });
  }
  if (file?.includes("{layer}") && name !== "junit" && name !== "junit-plain") {
    throw new ReporterConflictError(`${requestText(request)}: only junit writes a file for each layer`);
  }
  return {
    name,
    ...(entry && { entry }),
    ...(file === undefined || file === "-" ? {} : { file: path.resolve(cwd, file) }),
    hasStdout: isStdout,
  };
}

function bothWantStdout(...rivals: readonly ChosenReporter[]): ReporterConflictError {
  const names = rivals.map(({ name }) => name);
  const [loser = ""] = names.filter((name) => reporterTable[name]?.file !== "none").slice(-1);
  return new ReporterConflictError(`the reporters ${names.join(" and ")} both write to stdout`, {
    hint: `give one of them a file: ${loser}=FILE`,
  });
}

function assertOwnFiles(reporters: readonly ChosenReporter[]): void {
  const owners = new Map<string, string>();
  for (const { name, file } of reporters) {
    if (file === undefined) continue;
    const other = owners.get(file);
    if (other !== undefined) {
      throw new ReporterConflictError(`the reporters ${other} and ${name} both write ${file}`, {
        hint: "give each of them a file of its own",
      });
    }
    owners.set(file, name);
  }
}
