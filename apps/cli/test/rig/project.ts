import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import type { RunEvent } from "@netra-apex/core";

/** The built program: what users start. */
export const program = path.resolve(import.meta.dirname, "../../bin/apex.js");

if (!existsSync(path.resolve(import.meta.dirname, "../../dist/cli/main.js"))) {
  throw new Error("the program is not built: run `pnpm build` first");
}

/** What a person at a plain terminal of their own has, without this test run's own settings. */
const environment = { PATH: process.env["PATH"], HOME: process.env["HOME"], TERM: "xterm", NO_COLOR: "1" };

export interface ApexResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project in a temporary directory, in which apex is started the way people start it. */
export class Project {
  readonly root: string;

  constructor(files: Readonly<Record<string, string>>) {
    this.root = mkdtempSync(path.join(tmpdir(), "apex-cli-"));
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  write(name: string, content: string): void {
    const file = path.join(this.root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  read(name: string): string {
    return readFileSync(path.join(this.root, name), "utf8");
  }

  has(name: string): boolean {
    return existsSync(path.join(this.root, name));
  }

  /** Starts apex and leaves it running; `directory` is in the project. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}, directory = ".") {
    return execa(process.execPath, [program, ...args], {
      cwd: path.join(this.root, directory),
      env: { ...environment, ...env },
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
      timeout: 60_000,
      // apex itself decides how long its processes get to end.
      forceKillAfterDelay: false,
    });
  }

  /** Runs apex to its end. */
  async apex(...args: string[]): Promise<ApexResult> {
    const { exitCode, stdout, stderr } = await this.start(args);
    return { exitCode, stdout, stderr };
  }

  /** Runs apex with `--json` and reads its stream. */
  async events(...args: string[]): Promise<{ readonly exitCode: number | undefined; readonly events: RunEvent[] }> {
    const { exitCode, stdout } = await this.apex(...args, "--json");
    return { exitCode, events: eventsOf(stdout) };
  }
}

/** Reads NDJSON; throws when a line is no JSON. */
export function eventsOf(stdout: string): RunEvent[] {
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as RunEvent);
}

/** A node:test file with these tests; a body is what the test does. */
export function nodeTestFile(tests: Readonly<Record<string, string>>, head = ""): string {
  const cases = Object.entries(tests).map(([name, body]) => `test(${JSON.stringify(name)}, async () => { ${body} });`);
  return `import test from "node:test";\nimport assert from "node:assert/strict";\n${head}\n${cases.join("\n")}\n`;
}

/** A config whose categories run the node:test file of their own name. */
export function nodeTestConfig(categories: readonly string[], more = ""): string {
  const lines = categories.map((name) => `  ${name}: { command: node --test test/${name}.test.mjs }`);
  return `categories:\n${lines.join("\n")}\n${more}`;
}

/** Whether a process exists (a zombie, which only waits to be collected, does not count). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return !existsSync("/proc/self/stat");
  }
}

/** Waits until `isTrue`; throws after ten seconds. */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
