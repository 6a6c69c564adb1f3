import { spawn } from "node:child_process";
import process from "node:process";
import type { GuardReply, GuardRequest } from "./guard-protocol.ts";
import { readLines } from "./read-lines.ts";
import type { SpawnProgram } from "./start-command.ts";
import { Supervisor } from "./supervisor.ts";

/*
 * The guard: a process beside each orchestrator that starts its commands and is their parent. Whatever becomes of the
 * orchestrator, its end closes this process' stdin, and then every command is ended with all that it had started.
 */

async function main(): Promise<void> {
  const reply = (message: GuardReply): void => {
    process.stdout.write(`${JSON.stringify(message)}\n`);
  };
  const supervisor = new Supervisor(reply, process.platform === "win32" ? await windowsSpawn() : spawn);

  // Signals are for the orchestrator to answer; a terminal sends them to everyone in the group.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  // The orchestrator is gone: what is written now is for nobody.
  process.stdout.on("error", () => undefined);
  process.stdin.on("error", () => undefined);
  const leave = async (exitCode: number): Promise<void> => {
    await supervisor.endAll();
    process.exit(exitCode);
  };
  process.on("uncaughtException", (error) => {
    reply({ type: "bug", message: error.stack ?? error.message });
    void leave(70);
  });

  readLines(process.stdin, (line) => supervisor.handle(JSON.parse(line) as GuardRequest));
  process.stdin.on("close", () => void leave(0));
}

/** Windows finds and quotes programs in its own ways (`.cmd` shims, `PATHEXT`), which execa knows. */
async function windowsSpawn(): Promise<SpawnProgram> {
  const { execa } = await import("execa");
  return (file, args, { cwd, env, stdio: [stdin, stdout, stderr] }) => {
    // execa's types name the first few descriptors only; it takes any.
    const output = { stdout: stdout as "pipe", stderr: stderr as "ignore" };
    return execa(file, args, { cwd, env, stdin, ...output, extendEnv: false, reject: false, buffer: false })
      .nodeChildProcess;
  };
}

void main();
