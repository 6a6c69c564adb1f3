import { type ChildProcess, fork, type ForkOptions } from "node:child_process";
import path from "node:path";
import { build } from "esbuild";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./temporary-directory.ts";

// Node 22 warns of its SQLite, which is not what these tests look for.
const execArgv = ["--disable-warning=ExperimentalWarning"];

/** Makes one file of a module of the tests and all that it imports; returns its path. */
export async function bundled(module: string): Promise<string> {
  const outfile = path.join(temporaryDirectory(), `${path.basename(module, ".ts")}.mjs`);
  await build({
    entryPoints: [module],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    conditions: ["@netra-apex/source"],
    logLevel: "silent",
    // For what is CommonJS among the dependencies.
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
  });
  return outfile;
}

/** Starts a bundled module; it is gone when the test has finished. */
export function startProgram(program: string, args: readonly string[]): ChildProcess {
  const child = fork(program, [...args], { execArgv });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Runs a module; resolves with how it ended and what it wrote. */
export async function runProgram(program: string, args: readonly string[], options: ForkOptions = {}) {
  const child = fork(program, [...args], { silent: true, execArgv, ...options });
  let output = "";
  let errors = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const ended = await new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  return { ...ended, output, errors };
}
