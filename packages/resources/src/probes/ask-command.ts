import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import type { Command } from "@netra-apex/core";
import type { CommandResult, ProbeSubject } from "../instance.ts";
import { excerpt, type Look, notReady, type ProbeResult, ready } from "./probe.ts";

/** Where a command of this machine runs. */
export interface CommandPlace {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Of what a command writes, the end. */
const longestOutput = 8 * 1024;

/** Output that is still under way when a command has ended is waited for so long. */
const restMs = 50;

/** Runs a command inside the service's container; it has to end with exit code 0. */
export async function askCommandInside(command: Command, subject: ProbeSubject, look: Look): Promise<ProbeResult> {
  const name = nameOf(command);
  if (!subject.exec) return notReady("cannot-look", `${name} is to run inside its container, and it has none`);
  noteRunning(name, look);
  return judge(name, await subject.exec(command, look));
}

/** Runs a command on this machine, and ends it with all that it has started when the look is over. */
export async function askCommand(command: Command, { cwd, env }: CommandPlace, look: Look): Promise<ProbeResult> {
  const name = nameOf(command);
  noteRunning(name, look);
  const [file, args, shell] =
    command.kind === "argv" ? [command.file, command.args, false] : [command.script, [], true];
  return new Promise<ProbeResult>((resolve) => {
    const child = spawn(file, args, {
      cwd,
      env,
      shell,
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe"],
    });
    let timer: NodeJS.Timeout | undefined;
    look.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      killGroup(child);
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      child.unref();
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => (output = (output + text).slice(-longestOutput)));
      stream.on("error", () => undefined);
    }
    child.on("error", (error) => {
      const isMissing = "code" in error && error.code === "ENOENT";
      const why = isMissing ? "it is not installed, or its directory is not there" : error.message;
      resolve(notReady("cannot-look", `${name} cannot be run: ${why}`));
    });
    child.on("exit", (code, signal) => {
      const settle = (): void => resolve(judge(name, { exitCode: code ?? -1, output }, signal));
      // Somebody that it has left behind may hold its output open.
      timer = setTimeout(settle, restMs);
      child.on("close", settle);
    });
  });
}

/** A command may hold passwords, so that only its program is told. */
function nameOf(command: Command): string {
  return command.kind === "argv" ? path.basename(command.file) : "the shell command";
}

function noteRunning(name: string, look: Look): void {
  look.note(`${name} has not ended`);
}

function judge(name: string, { exitCode, output }: CommandResult, signal: NodeJS.Signals | null = null): ProbeResult {
  if (exitCode === 0) return ready();
  const last = output.trimEnd().split(/\r?\n/).at(-1)?.trim() ?? "";
  const end = signal === null ? `exit code ${exitCode}` : signal;
  return notReady("unhealthy", `${name} ends with ${end}${last === "" ? "" : `: ${excerpt(last, 120)}`}`);
}

/** The group has outlived its leader where that has left somebody behind. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}
