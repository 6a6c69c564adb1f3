import { existsSync, globSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { checkPackages } from "./check-packages.mjs";
import { findOnPath } from "./find-on-path.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { countApexRun, countNodeTest, countVitest } from "./test-counts.mjs";
import { toolScript } from "./tool-script.mjs";

/**
 * @typedef {{ root: string, env: NodeJS.ProcessEnv, onOutput?: (text: string) => void }} StepContext
 * @typedef {{ passed: number, failed: number, skipped: string[], output: string, notes?: string[] }} StepResult a step that is not
 *   made of tests counts as one; `notes` are worth a look though nothing is wrong
 * @typedef {{ id: string, title: string, run: (context: StepContext) => Promise<StepResult> }} Step
 */

/** Every check of this repository, the quick and telling ones first. */
export const checkSteps = /** @type {Step[]} */ ([
  { id: "format", title: "formatting (oxfmt)", run: (context) => runTool(context, "oxfmt", ["--check"]) },
  { id: "lint", title: "lint and import boundaries (oxlint)", run: (context) => runTool(context, "oxlint", []) },
  { id: "build", title: "build (tsup)", run: (context) => runTurbo(context, "build") },
  { id: "types", title: "types (tsc)", run: (context) => runTurbo(context, "types") },
  { id: "unused", title: "unused code (knip)", run: (context) => runTool(context, "knip", ["--no-progress"]) },
  {
    id: "packages",
    title: "packages as published (publint, attw)",
    run: async (context) => asOne(await checkPackages(context)),
  },
  {
    id: "api",
    title: "API reports",
    run: async (context) => asOne((await import("./api-reports.mjs")).checkApiReports(context)),
  },
  { id: "changesets", title: "changesets", run: runChangesets },
  { id: "tests", title: "tests of the packages (vitest)", run: runVitest },
  { id: "tools", title: "tests of the tooling (node:test)", run: runNodeTest },
  { id: "example", title: "the example, run by apex", run: runExample },
]);

async function runTool(context, name, args) {
  return asOne(await runScript(context, toolScript(context.root, name), args));
}

function runTurbo(context, task) {
  return runTool(context, "turbo", ["run", task, "--continue", "--output-logs=errors-only"]);
}

/**
 * `changeset status` validates the configuration and every changeset, and only then asks git whether the packages that
 * changed since the base branch have one. That last question is for a release, not for a working copy.
 */
async function runChangesets(context) {
  const result = await runScript(context, toolScript(context.root, "@changesets/cli", "changeset"), ["status"]);
  const isAboutGit = /no changesets were found|Failed to find where HEAD diverged/.test(result.output);
  return asOne(isAboutGit ? { ...result, exitCode: 0 } : result);
}

function runVitest(context) {
  return withReport(async (report) => {
    const shown = context.onOutput ? "default" : "minimal";
    const args = ["run", `--reporter=${shown}`, "--reporter=json", `--outputFile.json=${report}`];
    if (!process.stdout.isTTY) args.push("--no-color");
    const result = await runScript(context, toolScript(context.root, "vitest"), args);
    if (!existsSync(report)) return asTests(result, undefined);
    const text = readFileSync(report, "utf8");
    return { ...asTests(result, countVitest(text)), notes: slowestFiles(text, context.root) };
  });
}

/** Where the time goes: a line for each of the files that took the longest. */
function slowestFiles(report, root) {
  return JSON.parse(report)
    .testResults.map(({ name, startTime, endTime }) => ({ name, ms: endTime - startTime }))
    .toSorted((one, other) => other.ms - one.ms)
    .slice(0, 12)
    .map(({ name, ms }) => `${(ms / 1000).toFixed(1).padStart(6)} s  ${path.relative(root, name)}`);
}

function runNodeTest(context) {
  return withReport(async (report) => {
    const tools = path.join(context.root, "tools");
    const files = readdirSync(tools).filter((file) => file.endsWith(".test.mjs"));
    const reporters = [
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      `--test-reporter=./tools/node-test-lines.mjs`,
      `--test-reporter-destination=${report}`,
    ];
    const args = [...reporters, ...files.map((file) => path.join("tools", file))];
    const result = await runScript(context, "--test", args);
    return asTests(result, existsSync(report) ? countNodeTest(readFileSync(report, "utf8")) : undefined);
  });
}

/**
 * The quick layers on what the example has by default, then all four on a PostgreSQL and a Redis: those that the user names, or
 * those that its services start. Where these are not installed, all four run on the default.
 */
async function runExample(context) {
  const { DATABASE_URL: database, REDIS_URL: _redis, ...env } = context.env;
  const services = database ? [] : canStartServices(env) ? ["--real-services"] : undefined;
  const plain = { ...context, env };
  const first = services ? [await runApex(plain, ["--execution-mode", "nightly"])] : [];
  const whole = database ? context : plain;
  const foreground = await runApex(whole, ["--execution-mode", "nightly", ...(services ?? [])]);
  const background = await runApex(whole, ["--layers", "e2e_background", ...(services ?? [])]);
  // What the default skips for the want of a database, the second run has proved.
  const counted = first.map((result) => ({ ...result, skipped: [] }));
  return [...counted, foreground, background].reduce(addResults);
}

/** As the scripts of the example find them: Debian keeps PostgreSQL's programs off PATH. */
function canStartServices(env) {
  if (process.platform === "win32" || !findOnPath("redis-server", env)) return false;
  return (findOnPath("initdb", env) ?? globSync("/usr/lib/postgresql/*/bin/initdb")[0]) !== undefined;
}

async function runApex(context, selection) {
  const apex = path.join(context.root, "apps", "cli", "bin", "apex.js");
  const args = [apex, ...selection, "--progress-mode", "json"];
  const options = { cwd: path.join(context.root, "examples", "shop"), env: context.env, onOutput: context.onOutput };
  const result = await runQuietly(process.execPath, args, options);
  const counts = countApexRun(result.stdout);
  if (!counts) return asTests({ ...result, exitCode: result.exitCode || 1 }, undefined);
  const isConsistent = result.exitCode === counts.exitCode;
  const failures = isConsistent
    ? counts.failures
    : [`apex ended with ${result.exitCode}, its summary says ${counts.exitCode}`];
  const exitCode = isConsistent ? result.exitCode : 1;
  return asTests({ exitCode, output: failures.join("\n\n") }, counts);
}

function addResults(one, other) {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: [...one.skipped, ...other.skipped],
    output: [one.output, other.output].filter(Boolean).join("\n\n"),
  };
}

function runScript({ root, env, onOutput }, script, args) {
  return runQuietly(process.execPath, [script, ...args], { cwd: root, env, onOutput });
}

async function withReport(use) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "apex-check-"));
  try {
    return await use(path.join(folder, "report"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A step that passes or fails as a whole. */
function asOne({ exitCode, output }) {
  return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: [], output };
}

/** A step of tests: a program that fails without a failed test, or reports none at all, is itself the failure. */
function asTests({ exitCode, output }, counts) {
  const { passed, failed, skipped } = counts ?? { passed: 0, failed: 0, skipped: [] };
  const isEmpty = passed + failed + skipped.length === 0;
  const isUnexplained = exitCode !== 0 && failed === 0;
  return { passed, failed: failed + (isEmpty || isUnexplained ? 1 : 0), skipped, output };
}
