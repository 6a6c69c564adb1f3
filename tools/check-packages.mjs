import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { findOnPath } from "./find-on-path.mjs";
import { runQuietly } from "./run-quietly.mjs";
import { toolScript } from "./tool-script.mjs";

/**
 * The packages that are published: each workspace in packages/ and apps/ that is not private.
 *
 * @param {string} root of the repository
 * @returns {{ name: string, directory: string }[]}
 */
export function publishablePackages(root) {
  return ["packages", "apps"].flatMap((folder) =>
    readdirSync(path.join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(root, folder, entry.name))
      .flatMap((directory) => {
        const manifest = JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8"));
        return manifest.private ? [] : [{ name: manifest.name, directory }];
      }),
  );
}

/**
 * Packs each publishable package as it would be published, and has publint and attw judge that tarball: the workspace's
 * own folder would show them `workspace:` and `catalog:` versions that nobody gets to see.
 *
 * @param {{ root: string, env: NodeJS.ProcessEnv, onOutput?: (text: string) => void }} options
 * @returns {Promise<{ exitCode: number, output: string }>}
 */
export async function checkPackages({ root, env, onOutput }) {
  const pnpm = findOnPath("pnpm", env) ?? "pnpm";
  const results = [];
  for (const { name, directory } of publishablePackages(root)) {
    const folder = mkdtempSync(path.join(os.tmpdir(), "apex-pack-"));
    const run = async (file, args) => {
      const result = await runQuietly(file, args, { cwd: directory, env, onOutput });
      results.push({ ...result, output: `${name}: ${[path.basename(file), ...args].join(" ")}\n${result.output}` });
      return result.exitCode === 0;
    };
    try {
      if (!(await run(pnpm, ["pack", "--pack-destination", folder]))) continue;
      const tarball = path.join(
        folder,
        readdirSync(folder).find((file) => file.endsWith(".tgz")),
      );
      await run(process.execPath, [toolScript(root, "publint"), "run", tarball, "--strict"]);
      const attw = toolScript(root, "@arethetypeswrong/cli", "attw");
      await run(process.execPath, [attw, tarball, "--profile", "esm-only", "--no-emoji", "--no-color"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const failed = results.filter((result) => result.exitCode !== 0);
  return { exitCode: failed.length === 0 ? 0 : 1, output: failed.map((result) => result.output).join("\n") };
}
