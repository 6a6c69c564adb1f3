import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll } from "vitest";
import type * as Api from "../../src/index.ts";

const packageRoot = path.resolve(import.meta.dirname, "../..");
const runnerRoot = path.resolve(packageRoot, "../runner");
const resourcesRoot = path.resolve(packageRoot, "../resources");

/** This package as it is published: its programs start in a fraction of the time that its sources take. */
export interface Built {
  readonly directory: string;
  /** What it exports; workers that are started through it are those beside it. */
  readonly api: typeof Api;
}

/** Builds the package for the tests of a file. Call it at its top. */
export async function buildPackage(): Promise<Built> {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), "apex-built-")));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const directory = path.join(root, "dist");
  await build({
    entryPoints: {
      index: path.join(packageRoot, "src/index.ts"),
      "daemon-main": path.join(packageRoot, "src/daemon/daemon-main.ts"),
      "attempt-main": path.join(packageRoot, "src/attempt/attempt-main.ts"),
      "guard-main": path.join(runnerRoot, "src/guard/guard-main.ts"),
      "service-keeper-main": path.join(resourcesRoot, "src/command/service-keeper-main.ts"),
    },
    outdir: directory,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node22",
    conditions: ["@netra-apex/source"],
    logLevel: "silent",
    // Its native parts do not go into a bundle; no test here has containers.
    external: ["dockerode"],
    // For what is CommonJS among the dependencies.
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
  });
  mkdirSync(path.join(root, "reporters"));
  cpSync(path.join(runnerRoot, "reporters"), path.join(root, "reporters"), { recursive: true });
  writeFileSync(path.join(root, "package.json"), '{ "type": "module" }');
  const api = (await import(pathToFileURL(path.join(directory, "index.js")).href)) as Built["api"];
  return { directory, api };
}
