import { type ChildProcess, fork, type ForkOptions } from "node:child_process";
import path from "node:path";
import { build } from "esbuild";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./temporary-store.ts";

/** Processes that each do what they are told, all of them at once. */
export class Workers {
  readonly #children: readonly ChildProcess[];

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
  }

  /** Starts as many processes of a module, which says `ready` and answers each message with one. */
  static async start(module: string, count: number): Promise<Workers> {
    const program = await bundled(module);
    const children = Array.from({ length: count }, () => fork(program));
    onTestFinished(() => {
      for (const child of children) child.kill("SIGKILL");
    });
    await Promise.all(children.map((child) => answerOf(child)));
    return new Workers(children);
  }

  /** Tells all of them the same at once; resolves with their answers. */
  all<Answer>(message: object): Promise<Answer[]> {
    const answers = this.#children.map((child) => answerOf<Answer>(child));
    for (const child of this.#children) child.send(message);
    return Promise.all(answers);
  }
}

/**
 * Makes one file of a module of the tests and all that it imports; returns its path. Dozens of processes would read and
 * strip the same hundred sources otherwise.
 */
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

/** Starts a bundled module; resolves with how it ended and what it wrote. */
export async function runProgram(program: string, args: readonly string[], options: ForkOptions = {}) {
  // Node 22 warns of its SQLite, which is not what these tests look for.
  const execArgv = ["--disable-warning=ExperimentalWarning"];
  const child = fork(program, [...args], { silent: true, execArgv, ...options });
  let output = "";
  let errors = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  return { ...(await ended), output, errors };
}

function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a process ended with ${code}`));
    child.once("exit", onExit);
    child.once("message", (answer) => {
      child.off("exit", onExit);
      resolve(answer as Answer);
    });
  });
}
