import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { childEnvironment } from "./child-environment.mjs";

const root = path.resolve(import.meta.dirname, "..");

/** The program that `npx apex` stands for. */
export const apex = path.join(root, "apps", "cli", "bin", "apex.js");

/**
 * @typedef {{ kind: "file", file: string, text: string }} FileStep
 * @typedef {{ kind: "command", command: string, output: string, terminal?: string }} CommandStep
 * @typedef {{ kind: "install", packages: string[] }} InstallStep
 * @typedef {FileStep | CommandStep | InstallStep} GuideStep what a reader does
 */

/**
 * Reads what a page tells its reader to do, in its order: files to write (a fence with `file=PATH`), commands to type
 * (`console`: lines with `$ `, each with what it prints) and packages to install (`sh`). What is typed into a terminal of its
 * own (`console terminal=NAME`) goes on while the page does; a last line `^C` ends it. Throws for a block of any other kind: it
 * would be one that nobody checks.
 *
 * @param {string} markdown
 * @returns {GuideStep[]}
 */
export function readGuide(markdown) {
  return Array.from(markdown.matchAll(/^```(\w*) ?(.*)\n([^]*?)^```$/gm)).flatMap(([, language, attributes, text]) => {
    const file = /^file=(\S+)$/.exec(attributes)?.[1];
    if (file) return [{ kind: "file", file, text }];
    const terminal = /^terminal=(\S+)$/.exec(attributes)?.[1];
    if (language === "console") return commandsIn(text).map((step) => (terminal ? { ...step, terminal } : step));
    if (language === "sh") return [{ kind: "install", packages: packagesIn(text) }];
    throw new Error(`a block that nobody checks: ${language} ${attributes}\n${text}`);
  });
}

/** `$ npx apex`, followed by what it prints. */
function commandsIn(text) {
  const [before, ...commands] = text.split(/^\$ /m);
  if (before !== "") throw new Error(`a console block begins with a command, not with: ${before}`);
  return commands.map((each) => {
    const end = each.indexOf("\n");
    return { kind: "command", command: each.slice(0, end), output: each.slice(end + 1) };
  });
}

function packagesIn(text) {
  const lines = text.split("\n").filter((line) => line.startsWith("npm install "));
  return lines.flatMap((line) => line.split(" ").slice(2)).filter((word) => !word.startsWith("-"));
}

/**
 * Types a command, such as `NAME=value npx apex unit`, and compares what it prints on both streams. Throws an
 * `AssertionError` for any other output, and for an exit code that is not 0 and that the output does not tell.
 *
 * @param {CommandStep} step
 * @param {string} project
 */
export async function follow(step, project) {
  await (await begin(step, project)).end();
}

/** How long a command of a terminal of its own may take for its first words, and after the page's last ones. */
const patienceMs = 60_000;

/**
 * Types a command into a terminal of its own. Resolves when it has printed what the page shows before the first `…`; throws an
 * `AssertionError` when it does not.
 *
 * @param {CommandStep} step
 * @param {string} project
 */
export async function followBeside(step, project) {
  const [start] = step.output.split(/^(?:…|\^C)\n/m);
  const pattern = new RegExp(`^${linesPattern(start)}`);
  const running = await begin(step, project);
  const giveUpAt = Date.now() + patienceMs;
  while (!pattern.test(await running.printed())) {
    if (running.isOver() || Date.now() > giveUpAt) {
      const printed = await running.printed();
      await running.stop();
      assert.equal(printed, step.output, `$ ${step.command} began with something else`);
    }
    await delay(50);
  }
  return running;
}

/** A command that was typed. */
async function begin({ command, output: expected }, project) {
  const isInterrupted = expected.endsWith("^C\n");
  const [line, asked = ""] = command.split(/(; echo "exit code \$\?")$/);
  const words = line.split(" ");
  const program = words.findIndex((word) => !word.includes("="));
  const variables = Object.fromEntries(words.slice(0, program).map((word) => word.split("=")));
  const args = argsOf(words.slice(program));
  const folder = await mkdtemp(path.join(os.tmpdir(), "apex-guide-output-"));
  const file = await open(path.join(folder, "output"), "w");
  // Both streams go into one file, as they go onto one screen: pipes would tear their order.
  const env = { ...readersEnvironment(), ...variables };
  const child = spawn(process.execPath, args, { cwd: project, env, stdio: ["ignore", file.fd, file.fd] });
  let isOver = false;
  const exit = new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve(code ?? 128));
  });
  exit.catch(() => {}).finally(() => (isOver = true));
  const printed = () => readFile(path.join(folder, "output"), "utf8");
  const clear = async () => {
    await file.close();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    printed,
    isOver: () => isOver,
    /** Waits until it is over, or ends it where the page does, and looks at what it has printed. */
    async end() {
      try {
        if (isInterrupted) child.kill("SIGINT");
        const exitCode = await exit;
        const text = await printed();
        const output = `${text}${isInterrupted ? "^C\n" : ""}${asked ? `exit code ${exitCode}\n` : ""}`;
        if (!patternOf(expected).test(output)) assert.equal(output, expected, `$ ${command} printed something else`);
        const told = Number(/exit code (\d+)/.exec(output)?.[1] ?? 0);
        if (!isInterrupted) assert.equal(exitCode, told, `exit code of $ ${command}\n${output}`);
      } finally {
        await clear();
      }
    },
    /** Ends it, whatever it has printed. */
    async stop() {
      if (!isOver) child.kill("SIGKILL");
      await exit;
      await clear();
    },
  };
}

function argsOf([program, ...args]) {
  if (program === "npx" && args[0] === "apex") return [apex, ...args.slice(1)];
  if (program === "node") return args;
  if (program === "touch") return ["--eval", `fs.writeFileSync(${JSON.stringify(args[0])}, "")`];
  if (program === "cat") return ["--eval", `process.stdout.write(fs.readFileSync(${JSON.stringify(args[0])}))`];
  throw new Error(`no guide says how to run ${program}`);
}

function readersEnvironment() {
  // Tests of tools are run by `node --test`, whose children would report to it instead of printing.
  const {
    NODE_TEST_CONTEXT: _test,
    FORCE_COLOR: _color,
    NODE_OPTIONS: _options,
    ...env
  } = childEnvironment(process.env);
  return { ...env, NO_COLOR: "1" };
}

/** Durations may be any; `…` stands for what is left out: part of a line or, on a line of its own, any lines. */
function patternOf(output) {
  return new RegExp(`^${linesPattern(output)}$`);
}

function linesPattern(output) {
  return output
    .split(/^/m)
    .map((line) => (line === "…\n" ? "(?:.*\n)*?" : linePattern(line)))
    .join("");
}

function linePattern(line) {
  const parts = line.split(/(…|\d[\d.]*\s?ms\b|\d[\d.]*s\b)/);
  return parts.map((part, index) => (index % 2 === 1 ? variablePattern(part) : escaped(part))).join("");
}

function variablePattern(part) {
  return part === "…" ? ".*" : String.raw`\d[\d.]*\s?m?s`;
}

function escaped(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

/**
 * Writes a file of a guide.
 *
 * @param {FileStep} step
 * @param {string} project
 */
export function write({ file, text }, project) {
  mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
  writeFileSync(path.join(project, file), text);
}

/** What the projects of guides have installed, and where this repository has it. */
export const installed = {
  "@netra-apex/core": "packages/core",
  "netra-apex": "apps/cli",
  zod: "packages/core/node_modules/zod",
};

/**
 * Makes a project in a temporary folder.
 *
 * @param {Record<string, string>} packages what it has in `node_modules`, and where this repository has that
 * @returns {string} the folder
 */
export function createProject(packages) {
  const project = mkdtempSync(path.join(os.tmpdir(), "apex-guide-"));
  write({ file: "package.json", text: '{ "type": "module" }\n' }, project);
  for (const [name, home] of Object.entries(packages)) {
    const link = path.join(project, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(root, home), link, "junction");
  }
  return project;
}
