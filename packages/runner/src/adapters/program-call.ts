import path from "node:path";
import { type Command, commandText } from "@netra-apex/core";
import { packageScriptRunner } from "../package-script.ts";

/** An argv command taken apart: what leads to the program, and the program's own arguments. */
export interface ProgramCall {
  /** Launchers with their options, and the program itself last. */
  readonly launch: readonly string[];
  readonly args: readonly string[];
}

/** Programs that run another one, named later among their arguments, and hand it the arguments that follow. */
const launchers = new Set([
  "npx",
  "pnpm",
  "pnpx",
  "npm",
  "yarn",
  "bun",
  "bunx",
  "node",
  "env",
  "cross-env",
  "dotenv",
  "c8",
  "nice",
  "time",
]);

/** Finds a program in a command: called directly, by path, or through launchers. `undefined` when it is not there. */
export function findProgram(command: Command, program: string): ProgramCall | undefined {
  if (command.kind === "shell") return undefined;
  const words = [command.file, ...command.args];
  const index = words.findIndex((word) => programName(word) === program);
  if (index === -1) return undefined;
  const launch = words.slice(0, index + 1);
  const args = words.slice(index + 1);
  if (index === 0) return { launch, args };
  const launcher = programName(command.file);
  // `npm run vitest` runs whatever the script of that name says, with hooks around it.
  if (!launchers.has(launcher) || packageScriptRunner(command.file, command.args) !== undefined) return undefined;
  const isNpmExec = launcher === "npm" && !launch.includes("--");
  // npm takes every option for its own up to a `--`.
  return { launch: isNpmExec ? [...launch.slice(0, -1), "--", ...launch.slice(-1)] : launch, args };
}

/** Why {@link findProgram} does not find a program in a command; fits after "but". */
export function whyNotFound(command: Command, program: string): string {
  if (command.kind === "shell") return "the command is a shell script, which does not pass them on";
  if (packageScriptRunner(command.file, command.args) !== undefined) {
    return `the command is a package script (${commandText(command)}), which does not pass them on reliably`;
  }
  return `the command (${command.file}) is no call of ${program}`;
}

/** The inverse of {@link findProgram}. */
export function callCommand({ launch, args }: ProgramCall): Command {
  const [file = "", ...rest] = launch;
  return { kind: "argv", file, args: [...rest, ...args] };
}

/** `/usr/bin/node`, `vitest.mjs` and `vitest.cmd` are `node` and `vitest`. */
export function programName(word: string): string {
  return path.basename(word).replace(/\.(?:[cm]?js|cmd|exe|ps1)$/i, "");
}
