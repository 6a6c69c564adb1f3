import path from "node:path";

const packageManagers = new Set(["npm", "pnpm", "yarn", "bun"]);

/** What package managers take for a script, after `run` or by itself. */
const scriptCommands = new Set(["run", "run-script", "test", "t", "tst", "start"]);

/** The package manager that a command asks to run a package script (`npm test`, `pnpm run NAME`); `undefined` for other commands. */
export function packageScriptRunner(file: string, args: readonly string[]): string | undefined {
  const program = path.basename(file).replace(/\.(?:cmd|exe|ps1)$/i, "");
  const firstWord = args.find((arg) => !arg.startsWith("-"));
  return packageManagers.has(program) && scriptCommands.has(firstWord ?? "") ? program : undefined;
}
