import { spawn } from "node:child_process";
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import type { AskLimits } from "../instance.ts";
import type { DockerEngine } from "./docker-engine.ts";
import { EngineError } from "./engine-error.ts";
import { OutputEnd } from "./multiplexed-output.ts";

/** Compose as it is installed here. */
export interface ComposeCommand {
  /** `docker compose`, or `docker-compose`. */
  readonly words: readonly string[];
  readonly version: string;
  /** Of the second generation: it knows a project's name itself, and writes its config as JSON. */
  readonly isV2: boolean;
}

/** What compose came to. */
export interface ComposeResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** The end of all that it wrote. */
  readonly output: string;
}

const choices: readonly (readonly string[])[] = [["docker", "compose"], ["docker-compose"]];
/** Of an output that is read whole. */
const wholeBytes = 16 * 1024 * 1024;

/** The first compose that is installed. Rejects with an `EngineError` when none is. */
export async function findCompose(
  limits: AskLimits,
  among: readonly (readonly string[])[] = choices,
): Promise<ComposeCommand> {
  for (const words of among) {
    const result = await runCompose(words, ["version", "--short"], {
      ...limits,
      cwd: process.cwd(),
      env: process.env,
    }).catch(() => undefined);
    limits.signal.throwIfAborted();
    const version = /\d+\.\d+\S*/.exec(result?.stdout ?? "")?.[0];
    if (result?.exitCode === 0 && version !== undefined) {
      return { words, version, isV2: !version.startsWith("1.") };
    }
  }
  const names = among.map((words) => words.join(" ")).join(" nor ");
  throw new EngineError("engine-absent", `compose is not installed: neither ${names} answers`, {
    hint: "install it: https://docs.docker.com/compose/install",
  });
}

/** Where and how compose runs. */
export interface ComposeRun extends AskLimits {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of what it writes, as it comes. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs compose. Whatever it does, it is over by the deadline, or when it is aborted: it is asked to end, killed after a while,
 * and the promise rejects.
 */
export async function runCompose(
  words: readonly string[],
  args: readonly string[],
  { deadlineMs, signal, cwd, env, onLine }: ComposeRun,
): Promise<ComposeResult> {
  signal.throwIfAborted();
  const [file = "docker", ...first] = words;
  const stdout = new OutputEnd(wholeBytes);
  const output = new OutputEnd(64 * 1024);
  const child = spawn(file, [...first, ...args], {
    cwd,
    env: { ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const hear = (chunk: Buffer): void => {
    output.write(chunk);
    for (const line of onLine ? chunk.toString("utf8").split(/[\r\n]+/) : []) if (line.trim() !== "") onLine?.(line);
  };
  child.stdout.on("data", (chunk: Buffer) => {
    stdout.write(chunk);
    hear(chunk);
  });
  child.stderr.on("data", hear);
  let ended: Error | undefined;
  const kill = (which: NodeJS.Signals): void => {
    try {
      // docker's plugins are processes of their own, in its group.
      if (child.pid !== undefined) process.kill(-child.pid, which);
    } catch {
      // All of it has ended.
    }
  };
  let patience: NodeJS.Timeout | undefined;
  const end = (reason: Error): void => {
    ended ??= reason;
    kill("SIGTERM");
    patience ??= setTimeout(() => kill("SIGKILL"), 3_000);
  };
  const abort = (): void => end(signal.reason as Error);
  const over = new EngineError(
    "engine-slow",
    `${words.join(" ")} ${args[0] ?? ""} took longer than ${Math.round(deadlineMs) / 1_000} s`,
  );
  const timer = setTimeout(() => end(over), deadlineMs);
  signal.addEventListener("abort", abort, { once: true });
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? -1));
    });
    if (ended !== undefined) throw ended;
    return { exitCode, stdout: stdout.text(), output: output.text() };
  } finally {
    clearTimeout(timer);
    clearTimeout(patience);
    signal.removeEventListener("abort", abort);
  }
}

/** The variables that let compose speak with the same engine as we do. */
export function engineVariables(
  { endpoint }: Pick<DockerEngine, "endpoint">,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  const { url, tlsDirectory, isUnverified } = endpoint;
  const tls =
    tlsDirectory === undefined ? {} : { DOCKER_CERT_PATH: tlsDirectory, DOCKER_TLS_VERIFY: isUnverified ? "" : "1" };
  // The host wins over a context, and old versions refuse both.
  return { ...env, DOCKER_HOST: url, DOCKER_CONTEXT: undefined, ...tls };
}
