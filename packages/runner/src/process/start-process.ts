import { closeSync } from "node:fs";
import process from "node:process";
import { type Command, describeThrown } from "@netra-apex/core";
import { execa } from "execa";
import { openLogFile } from "./log-file.ts";
import { posixProcessGroup, type ProcessGroup, windowsProcessTree } from "./process-group.ts";

/** How a command that did start ended. */
export interface ExitStatus {
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
}

export interface StartedProcess {
  readonly group: ProcessGroup;
  /** Settles once the command itself has exited; its descendants may still run. Never rejects. */
  readonly exited: Promise<ExitStatus>;
  /** Lets this process end although the command has not. */
  readonly abandon: () => void;
}

/** What the operating system said to a command that did not start. */
export interface FailedStart {
  /** Such as `ENOENT`. */
  readonly errorCode: string | undefined;
  readonly message: string;
}

interface StartOptions {
  readonly cwd: string;
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}

/** Starts a command as the leader of its own session and process group, its output appended to the log file. Throws `LogFileError`. */
export async function startProcess(
  command: Command,
  { cwd, env, logFile }: StartOptions,
): Promise<StartedProcess | FailedStart> {
  // execa's types name the first few descriptors only; it takes any.
  const log = openLogFile(logFile) as 3;
  const options = {
    cwd,
    env,
    extendEnv: false,
    // A background group that reads the terminal would be stopped.
    stdin: "ignore",
    stdout: log,
    stderr: log,
    buffer: false,
    reject: false,
    cleanup: true,
    killDescendants: true,
  } as const;
  try {
    const subprocess =
      command.kind === "shell"
        ? execa(command.script, { ...options, shell: true })
        : execa(command.file, command.args, options);
    const { pid, nodeChildProcess } = subprocess;
    if (pid === undefined) {
      const { code, originalMessage = "unknown reason" } = await subprocess;
      return { errorCode: code, message: originalMessage };
    }
    return {
      group:
        process.platform === "win32"
          ? windowsProcessTree(nodeChildProcess, (signal) => subprocess.kill(signal))
          : posixProcessGroup(pid),
      exited: subprocess.then(({ exitCode, signal }) => ({
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(signal === undefined ? {} : { signal }),
      })),
      abandon: () => nodeChildProcess.unref(),
    };
  } catch (error) {
    // execa refuses what no operating system takes, such as an argument with a null byte.
    return { errorCode: undefined, message: describeThrown(error) };
  } finally {
    closeSync(log);
  }
}
