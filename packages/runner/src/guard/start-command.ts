import type { ChildProcess } from "node:child_process";
import process from "node:process";
import type { StartRequest } from "./guard-protocol.ts";
import { maskInto } from "./mask-output.ts";

/** A command as the operating system is asked to start it. */
export interface Call {
  readonly file: string;
  readonly args: readonly string[];
}

/** How this system starts a program: `spawn` of Node, or what stands for it on Windows. */
export type SpawnProgram = (
  file: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Record<string, string>;
    readonly detached: boolean;
    readonly stdio: ["ignore", number | "pipe", number | "ignore"];
    readonly windowsHide: boolean;
  },
) => ChildProcess;

/** How a command is started. */
export interface StartOptions {
  readonly spawn: SpawnProgram;
  /** The whole of its environment. */
  readonly env: Record<string, string>;
  /** Takes its output. */
  readonly log: number;
  /** Puts programs before it, such as one that joins a control group first. */
  readonly wrap?: ((call: Call) => Call) | undefined;
}

/**
 * Starts a command as the leader of a session of its own, without stdin, its output appended to its log file.
 *
 * The output goes straight into the file, in the order in which it is written. Only where something in it must be masked does
 * it come through a pipe of this process. Throws, or emits as `error`, what the operating system says.
 */
export function startCommand(
  { command, cwd, mask }: Pick<StartRequest, "command" | "cwd" | "mask">,
  { spawn, env, log, wrap }: StartOptions,
): ChildProcess {
  const plain = callOf(command);
  const call = wrap ? wrap(plain) : plain;
  const { file, args } = mask ? intoOnePipe(call) : call;
  const child = spawn(file, args, {
    cwd,
    env,
    // A background group that reads the terminal would be stopped; in a session of its own there is none.
    detached: true,
    stdio: ["ignore", mask ? "pipe" : log, mask ? "ignore" : log],
    windowsHide: true,
  });
  if (mask && child.stdout) maskInto(child.stdout, log, mask);
  return child;
}

function callOf(command: StartRequest["command"]): Call {
  if (command.kind === "argv") return command;
  return process.platform === "win32"
    ? { file: process.env["ComSpec"] ?? "cmd.exe", args: ["/d", "/s", "/c", command.script] }
    : { file: "/bin/sh", args: ["-c", command.script] };
}

/** Sends stderr where stdout goes, so that the order of the lines survives the pipe. */
function intoOnePipe({ file, args }: Call): Call {
  if (process.platform === "win32")
    return { file: process.env["ComSpec"] ?? "cmd.exe", args: ["/d", "/s", "/c", "call", file, ...args, "2>&1"] };
  return { file: "/bin/sh", args: ["-c", 'exec "$@" 2>&1', "sh", file, ...args] };
}
