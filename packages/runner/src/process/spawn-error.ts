import { accessSync, constants, existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { type Command, searchPathKey } from "@netra-apex/core";

/** Why a command never started. A value, because it is an outcome of the node and no bug. */
export interface SpawnError {
  readonly code:
    | "APEX_COMMAND_NOT_FOUND"
    | "APEX_COMMAND_NOT_EXECUTABLE"
    | "APEX_WORKING_DIRECTORY_MISSING"
    | "APEX_ISOLATION_UNAVAILABLE"
    | "APEX_SPAWN_FAILED";
  /** For people, lower case: which command, and where it was looked for. */
  readonly message: string;
}

interface FailedCommand {
  /** What the operating system said, such as `ENOENT`. */
  readonly errorCode: string | undefined;
  readonly message: string;
  readonly command: Command;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Finds out why a command did not start. Looks at the file system: for the failing path only. */
export function explainFailedStart({ command, cwd, env, errorCode, message }: FailedCommand): SpawnError {
  if (errorCode === "APEX_ISOLATION_UNAVAILABLE") return { code: errorCode, message };
  if (!existsSync(cwd)) {
    return { code: "APEX_WORKING_DIRECTORY_MISSING", message: `the working directory ${cwd} does not exist` };
  }
  const file = command.kind === "argv" ? command.file : "the shell";
  if (errorCode !== "ENOENT" && errorCode !== "EACCES") {
    return { code: "APEX_SPAWN_FAILED", message: `"${file}" could not be started: ${message}` };
  }
  const directories = searchedDirectories(file, cwd, env);
  const found = directories
    .map((directory) => path.resolve(directory, file))
    .find((candidate) => existsSync(candidate));
  if (found === undefined) {
    return {
      code: "APEX_COMMAND_NOT_FOUND",
      message: `the command "${file}" was not found in ${directories.join(", ")}`,
    };
  }
  if (errorCode === "ENOENT" && isExecutable(found)) {
    return {
      code: "APEX_COMMAND_NOT_FOUND",
      message: `${found} exists, but the interpreter in its first line does not`,
    };
  }
  return {
    code: "APEX_COMMAND_NOT_EXECUTABLE",
    message: `${found} may not be executed: it is no program, or lacks the permission`,
  };
}

/** In the order of the search, without the `node_modules/.bin` that do not exist: nobody expects them to. */
function searchedDirectories(file: string, cwd: string, env: NodeJS.ProcessEnv): string[] {
  if (file.includes("/") || path.isAbsolute(file)) return [cwd];
  const directories = (env[searchPathKey(env)] ?? "")
    .split(path.delimiter)
    .map((directory) => path.resolve(cwd, directory));
  const isExpected = (directory: string): boolean =>
    !directory.endsWith(path.join("node_modules", ".bin")) || existsSync(directory);
  return [...new Set(directories.filter((directory) => isExpected(directory)))];
}

function isExecutable(file: string): boolean {
  if (process.platform === "win32") return true;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
