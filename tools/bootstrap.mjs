/**
 * The way in for `npm start` and `npm test`, on any machine that has a Node ≥ 20 with npm: makes sure of the Node and
 * the pnpm this repository needs, of its dependencies and of its build, then runs the example or all checks.
 *
 *   node tools/bootstrap.mjs start [apex's arguments]
 *   node tools/bootstrap.mjs test [tools/check.mjs's arguments]
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { announce } from "./announce.mjs";
import { failureReason } from "./failure-reason.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { StepError } from "./step-error.mjs";
import { ensureToolchain } from "./toolchain.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const example = path.join(root, "examples", "shop");

const nextSteps = `
What to try next:
  npm start -- --execution-mode nightly      every foreground layer, not only the fast one
  npm start -- --layers e2e_background       the long ones: journeys in a browser, load
  npm start -- --categories unit api         only these categories
  npm start -- plan                          what would run, and in which order
  npm start -- --progress-mode json          the same run as events, one JSON line each
  Change a number in examples/shop/src/catalog/money.ts, then npm start: what failed, and how to run only that again.
`;

const commands = { start, test };

async function start(args, toolchain) {
  await installDependencies(toolchain);
  await build(toolchain);
  const apex = [path.join(root, "apps", "cli", "bin", "apex.js"), ...apexArguments(args)];
  // The commands that apex suggests are to be called as this one was: the user's own Node may be too old for apex.
  const env = { ...toolchain.environment, APEX_COMMAND: "npm start --" };
  const exitCode = await runInherited(toolchain.node, apex, { cwd: example, env });
  if (args.length === 0) process.stderr.write(nextSteps);
  return exitCode;
}

async function test(args, toolchain) {
  await installDependencies(toolchain);
  const check = [path.join(root, "tools", "check.mjs"), ...args];
  return runInherited(toolchain.node, check, { cwd: root, env: toolchain.environment });
}

/** The fast layers, unless the user chose what to run: a command, a run mode, or parts of the plan. */
function apexArguments(args) {
  const isCommand = args.length > 0 && !args[0].startsWith("-");
  const isChosen = args.some((arg) => /^--(?:execution-mode|layers|category|categories|test-file)(?:=|$)/.test(arg));
  return isCommand || isChosen ? args : ["--execution-mode", "fast_feedback", ...args];
}

function installDependencies(toolchain) {
  return runStep("installing dependencies", toolchain, ["install", "--frozen-lockfile"], (output) => {
    return `the dependencies could not be installed: ${failureReason(output)}`;
  });
}

function build(toolchain) {
  return runStep("building", toolchain, ["exec", "turbo", "run", "build", "--filter=netra-apex..."], () => {
    return "the build failed: see the output above";
  });
}

function runStep(label, { pnpm, environment }, args, describeFailure) {
  const work = async (told) => {
    const { exitCode, output } = await runQuietly(pnpm, args, { cwd: root, env: environment, onOutput: told });
    if (exitCode !== 0) throw new StepError(describeFailure(output), { output: withoutRetries(output) });
  };
  return announce(label, work, { afterMs: 1000 });
}

/** pnpm says of each of hundreds of packages that it tries again; why it gave up is at the end. */
function withoutRetries(output) {
  return output.replaceAll(/^(?:\[WARN\] GET .*|Will retry in .*)\n/gm, "");
}

/** Runs a program in our place: it owns the terminal and the signals. */
function runInherited(file, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: "inherit" });
    // Ctrl-C reaches the child by itself; how it ends is the child's to say.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 128));
  });
}

async function main([name, ...args]) {
  const command = Object.hasOwn(commands, name ?? "") ? commands[name] : undefined;
  if (!command) throw new StepError("usage: node tools/bootstrap.mjs start|test [arguments]", { exitCode: 2 });
  return command(args, await ensureToolchain(root));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // A file system that refuses is the machine's fault; anything else that is not a StepError is ours and keeps its stack.
  if (!(error instanceof StepError) && !error.syscall) throw error;
  if (error.output) process.stderr.write(`\n${error.output.trimEnd()}\n\n`);
  process.stderr.write(`cannot go on: ${error.message}\n`);
  process.exitCode = error.exitCode ?? 1;
}
