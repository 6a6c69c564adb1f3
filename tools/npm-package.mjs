import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { childEnvironment } from "./child-environment.mjs";
import { runQuietly } from "./run-quietly.mjs";

/**
 * Installs npm packages into a folder of their own, whole or not at all: two processes may do it at once, and one
 * that is interrupted leaves nothing that looks finished. What was in the folder is replaced.
 *
 * @param {{ directory: string, specs: string[], runScripts?: boolean, onOutput?: (text: string) => void }} options
 * @returns {Promise<{ exitCode: number, output: string }>}
 */
export async function installNpmPackage({ directory, specs, runScripts = false, onOutput }) {
  const partial = `${directory}.partial-${process.pid}`;
  for (const folder of [partial, directory]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  // The manifest makes this folder npm's project; without it npm would walk up to the repository's own.
  writeFileSync(path.join(partial, "package.json"), '{ "private": true }\n');
  try {
    const { file, args } = npmCommand();
    const result = await runQuietly(
      file,
      [
        ...args,
        "install",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
        "--loglevel=error",
        "--fetch-retry-mintimeout=1000",
        "--fetch-retry-maxtimeout=5000",
        ...(runScripts ? [] : ["--ignore-scripts"]),
        ...specs,
      ],
      { cwd: partial, env: childEnvironment(process.env), onOutput },
    );
    if (result.exitCode === 0) moveIntoPlace(partial, directory);
    return { ...result, output: withoutStack(result.output) };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Another process that was quicker has put the same there. */
function moveIntoPlace(partial, directory) {
  try {
    renameSync(partial, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
  }
}

/** npm's report of a failed request without the stack of npm's own code, which tells nobody anything. */
function withoutStack(output) {
  return output.replaceAll(/^npm (?:error|ERR!)\s+at .*\n/gm, "");
}

/** How npm is called with the running Node: npm's own script where it is known, which needs no shell on Windows. */
function npmCommand() {
  const candidates = [
    process.env.npm_execpath,
    path.join(path.dirname(process.execPath), "node_modules", "npm", "bin", "npm-cli.js"),
    path.join(path.dirname(process.execPath), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
  ];
  const script = candidates.find((file) => file?.endsWith("npm-cli.js") && existsSync(file));
  return script ? { file: process.execPath, args: [script] } : { file: "npm", args: [] };
}

/**
 * The manifest of a package that is installed in a folder.
 *
 * @param {string} directory that has node_modules
 * @param {string} name of the package
 * @returns {{ version: string, bin?: Record<string, string> } | undefined} undefined when it is not there
 */
export function readInstalledManifest(directory, name) {
  try {
    return JSON.parse(readFileSync(path.join(directory, "node_modules", name, "package.json"), "utf8"));
  } catch {
    return undefined;
  }
}
