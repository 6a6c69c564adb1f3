import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { type Command, searchPathKey } from "@netra-apex/core";
import { ServiceError } from "../service-error.ts";

/** A process as it is to be started. */
export interface ProcessRequest {
  readonly service: string;
  readonly command: Command;
  readonly cwd: string;
  /** The whole of it. */
  readonly env: NodeJS.ProcessEnv;
  /** Takes its output; there is none yet. */
  readonly logFile: string;
}

/**
 * Starts a process as the leader of a session of its own, without stdin, its output appended to its log. It does not keep this
 * one alive. `onSpawn` is called before anything else can happen here. Rejects with a `ServiceError`.
 */
export async function startProcess(
  request: ProcessRequest,
  onSpawn: (pid: number) => void = () => undefined,
): Promise<ChildProcess> {
  const { service, command, cwd, env, logFile } = request;
  if (!existsSync(cwd)) {
    const fix = `create it, or correct services.${service}.cwd`;
    throw new ServiceError(service, `${service} cannot be started: its directory ${cwd} does not exist`, { fix });
  }
  const { file, args } = commandCall(command);
  const child = withLog(logFile, (log) =>
    spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", log, log], windowsHide: true }),
  );
  child.unref();
  if (child.pid !== undefined) {
    onSpawn(child.pid);
    return child;
  }
  const error = await new Promise<Error>((resolve) => child.once("error", resolve));
  throw notStarted(error, request, file);
}

function withLog(file: string, start: (log: number) => ChildProcess): ChildProcess {
  const log = openSync(file, "ax", 0o600);
  try {
    return start(log);
  } finally {
    closeSync(log);
  }
}

/** The program that runs a command, and its arguments: the shell, for one text. */
export function commandCall(command: Command): { readonly file: string; readonly args: readonly string[] } {
  if (command.kind === "argv") return command;
  return process.platform === "win32"
    ? { file: process.env["ComSpec"] ?? "cmd.exe", args: ["/d", "/s", "/c", command.script] }
    : { file: "/bin/sh", args: ["-c", command.script] };
}

function notStarted(error: Error, { service, cwd, env }: ProcessRequest, file: string): ServiceError {
  const code = "code" in error ? error.code : undefined;
  if (code === "ENOENT") {
    const where = file.includes("/") ? cwd : searched(env, cwd).join(", ");
    const message = `${service} cannot be started: the command "${file}" was not found in ${where}`;
    return new ServiceError(service, message, {
      fix: `install it, or correct services.${service}.command`,
      cause: error,
    });
  }
  if (code === "EACCES") {
    const message = `${service} cannot be started: "${file}" may not be executed`;
    return new ServiceError(service, message, { fix: `chmod +x ${file}`, cause: error });
  }
  return new ServiceError(service, `${service} cannot be started: ${error.message}`, { cause: error });
}

/** Without the `node_modules/.bin` that do not exist: nobody expects them to. */
function searched(env: NodeJS.ProcessEnv, cwd: string): string[] {
  const directories = (env[searchPathKey(env)] ?? "").split(path.delimiter).map((one) => path.resolve(cwd, one));
  return [...new Set(directories)].filter((one) => !one.endsWith(path.join("node_modules", ".bin")) || existsSync(one));
}
