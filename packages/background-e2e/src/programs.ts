import { fileURLToPath } from "node:url";

/** The programs of this package, which are started as processes of their own. */
export type Program = "daemon-main" | "attempt-main";

const sources: Readonly<Record<Program, string>> = {
  "daemon-main": "./daemon/daemon-main.ts",
  "attempt-main": "./attempt/attempt-main.ts",
};

/** The file of a program: beside this one, as TypeScript in the sources, as JavaScript in what is published. */
export function programFile(program: Program): string {
  const isSource = import.meta.url.endsWith(".ts");
  return fileURLToPath(new URL(isSource ? sources[program] : `./${program}.js`, import.meta.url));
}

/** Exit code of a program that the queue's database would not let work: another time it may ("temporary failure" of sysexits). */
export const notNow = 75;

/** Whether a program that ended like this may be started again as it was: it was killed, or could not do its work just now. */
export function isPassing(exitCode: number | null): boolean {
  return exitCode === 0 || exitCode === null || exitCode === notNow;
}

/**
 * The environment of a program. Options for Node are for the tests: they may name files relative to where they were set, or a debugger's port.
 */
export function programEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: options, ...rest } = env;
  return options === undefined ? rest : { ...rest, [keptOptions]: options };
}

/** Puts the environment of this program back to what it was meant to be. Called once, as it starts. */
export function restoreEnvironment(env: NodeJS.ProcessEnv = process.env): void {
  const options = env[keptOptions];
  if (options === undefined) return;
  delete env[keptOptions];
  env["NODE_OPTIONS"] = options;
}

const keptOptions = "APEX_NODE_OPTIONS";

/** The arguments with which Node starts a program. */
export function programArguments(program: Program): string[] {
  const file = programFile(program);
  return file.endsWith(".ts") ? ["--conditions=@netra-apex/source", file] : [file];
}
