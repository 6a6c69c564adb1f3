import { chmodSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import path from "node:path";
import { announce } from "./announce.mjs";
import { childEnvironment, quietTools } from "./child-environment.mjs";
import { failureReason, isNotPublished } from "./failure-reason.mjs";
import { findOnPath } from "./find-on-path.mjs";
import { floorAlternatives, satisfiesFloor } from "./node-floor.mjs";
import { installNpmPackage, readInstalledManifest } from "./npm-package.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { StepError } from "./step-error.mjs";

/** Of the majors in the floor, the one that is fetched where the registry has it: the current LTS. */
const preferredMajor = 24;
const platformName = `${process.platform}-${process.arch}`;

/**
 * Makes sure of a Node within the repository's floor and of its pnpm. What is on this machine is used; what is missing
 * is fetched from the npm registry into `.toolchain/`, once.
 *
 * @param {string} root of the repository
 * @returns {Promise<{ node: string, pnpm: string, environment: NodeJS.ProcessEnv }>} absolute paths, and an
 *   environment in which `node` and `pnpm` are these two
 * @throws {StepError} when one of them can be neither found nor fetched
 */
export async function ensureToolchain(root) {
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const home = path.join(root, ".toolchain");
  const node = await ensureNode(manifest.engines.node, home);
  const pnpmVersion = /^pnpm@([\d.]+)/.exec(manifest.packageManager)[1];
  const pnpm = await ensurePnpm(pnpmVersion, home, root);
  return { node, pnpm, environment: toolEnvironment({ node, pnpm }) };
}

/**
 * An environment for this repository's tools, in which each given program is the one found by its name.
 *
 * @param {Record<string, string>} programs names and absolute paths
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnvironment(programs) {
  const environment = { ...childEnvironment(process.env), ...quietTools(process.env) };
  const directories = Object.entries(programs)
    .filter(([name, file]) => !isFirstOnPath(name, file, environment))
    .map(([, file]) => path.dirname(file));
  return childEnvironment(environment, directories);
}

async function ensureNode(floor, home) {
  if (satisfiesFloor(process.versions.node, floor)) return process.execPath;
  const directory = path.join(home, `node-${platformName}`);
  const usable = await usableNode(directory, floor);
  if (usable) return usable;
  const label = `Node ${process.versions.node} is below the floor (${floor}): fetching Node ${preferredMajor} from the npm registry (once)`;
  return announce(label, async (told) => {
    for (const { spec, runScripts } of nodePackages(floor)) {
      const result = await installNpmPackage({ directory, specs: [spec], runScripts, onOutput: told });
      if (result.exitCode !== 0 && isNotPublished(result.output)) continue;
      if (result.exitCode !== 0) {
        const message = `Node could not be fetched: ${failureReason(result.output)}. Or install Node ${floor} yourself and run this again.`;
        throw new StepError(message, { output: result.output });
      }
      const fetched = await usableNode(directory, floor);
      if (fetched) return fetched;
    }
    throw new StepError(
      `the npm registry has no Node for ${platformName} that runs here. Install Node ${floor} yourself and run this again.`,
    );
  });
}

/**
 * The packages that bring a Node, the best one first. Those of one platform need no install script; `node` fetches
 * one of them by its script, also for platforms that are not foreseen here.
 *
 * @param {string} floor
 * @returns {{ spec: string, runScripts: boolean }[]}
 */
export function nodePackages(floor, platform = process.platform, arch = process.arch) {
  const prefix = platform === "darwin" && arch === "arm64" ? "node-bin" : "node";
  const name = `${prefix}-${platform === "win32" ? "win" : platform}-${arch}`;
  const alternatives = floorAlternatives(floor);
  const preferred = alternatives.filter((alternative) => alternative.floor[0] === preferredMajor);
  const newer = alternatives.filter((alternative) => alternative.floor[0] > preferredMajor);
  const ranges = [...preferred, ...newer].map((alternative) => alternative.text);
  return [
    ...ranges.map((range) => ({ spec: `${name}@${range}`, runScripts: false })),
    ...ranges.map((range) => ({ spec: `node@${range}`, runScripts: true })),
  ];
}

async function usableNode(directory, floor) {
  for (const name of installedNames(path.join(directory, "node_modules")).filter((each) => /^node(?:-|$)/.test(each))) {
    const program = readInstalledManifest(directory, name)?.bin?.node;
    if (!program) continue;
    const file = path.join(directory, "node_modules", name, program);
    const version = await versionOf(file, {});
    if (version && satisfiesFloor(version, floor)) return file;
  }
  return undefined;
}

async function ensurePnpm(version, home, root) {
  const own = await usablePnpmOnPath(version, root);
  if (own) return own;
  const directory = path.join(home, `pnpm-${version}-${platformName}`);
  const usable = await fetchedPnpm(directory);
  if (usable) return usable;
  return announce(`fetching pnpm ${version} from the npm registry (once)`, async (told) => {
    const result = await installNpmPackage({ directory, specs: [`pnpm@${version}`], onOutput: told });
    if (result.exitCode !== 0) {
      const message = `pnpm ${version} could not be fetched: ${failureReason(result.output)}. Or install it yourself and run this again.`;
      throw new StepError(message, { output: result.output });
    }
    const fetched = await fetchedPnpm(directory);
    if (fetched) return fetched;
    throw new StepError(`pnpm ${version} has no program for ${platformName}. Install it yourself and run this again.`);
  });
}

/** The pnpm on PATH, when its major is the one that is asked for. */
async function usablePnpmOnPath(version, root) {
  const file = findOnPath("pnpm", process.env);
  if (!file) return undefined;
  // It may be Corepack's stand-in, which would go and fetch one: it may answer only from what it has.
  const found = await versionOf(file, {
    cwd: root,
    env: { ...childEnvironment(process.env), COREPACK_ENABLE_NETWORK: "0" },
  });
  return found?.split(".")[0] === version.split(".")[0] ? file : undefined;
}

/** pnpm is a native program in a package of its platform; called directly, it depends on no Node and no script. */
async function fetchedPnpm(directory) {
  const scope = path.join(directory, "node_modules", "@pnpm");
  for (const name of installedNames(scope).filter((each) => each.startsWith("exe."))) {
    const file = path.join(scope, name, process.platform === "win32" ? "pnpm.exe" : "pnpm");
    if (process.platform !== "win32") chmodSync(file, 0o755);
    if (await versionOf(file, {})) return file;
  }
  return undefined;
}

function installedNames(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

async function versionOf(file, options) {
  const { exitCode, stdout } = await runQuietly(file, ["--version"], options);
  return exitCode === 0 ? /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] : undefined;
}

function isFirstOnPath(name, file, environment) {
  const first = findOnPath(name, environment);
  return first !== undefined && realpathSync(first) === realpathSync(file);
}
