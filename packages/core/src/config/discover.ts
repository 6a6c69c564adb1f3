import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "../layers/category.ts";
import { splitCommand } from "./split-command.ts";

/** Finds commands for categories that the config names without one. */
export interface CommandDiscovery {
  /** The command for a category, and the package script that it comes from. */
  find(category: string): { readonly command: Command; readonly script: string } | undefined;
}

/**
 * Discovers commands in the project's package.json: the script `test:NAME`, else `NAME`.
 *
 * A script that is a plain command runs as that command, so that its framework is recognised; one that uses shell
 * syntax or has `pre`/`post` scripts runs through the project's package manager.
 */
export function packageScriptDiscovery(projectRoot: string): CommandDiscovery {
  let scripts: Readonly<Record<string, string>> | undefined;
  return {
    find(category) {
      scripts ??= readScripts(projectRoot);
      const script = [`test:${category}`, category].find((name) => typeof scripts?.[name] === "string");
      if (script === undefined || callsApex(scripts[script] ?? "")) return undefined;
      return { command: scriptCommand(projectRoot, scripts, script), script };
    },
  };
}

/** A script that starts `apex` itself would make a run start another one, without end. */
function callsApex(script: string): boolean {
  return /(^|[\s/])(apex|unified-test-runner)(\s|$)/.test(script);
}

function scriptCommand(projectRoot: string, scripts: Readonly<Record<string, string>>, script: string): Command {
  const text = scripts[script] ?? "";
  const split = splitCommand(text);
  const hasHooks = scripts[`pre${script}`] !== undefined || scripts[`post${script}`] !== undefined;
  const isPlain = "words" in split && !hasHooks && !/[$*?`(){}]|^\w+=/.test(text);
  if (isPlain && "words" in split) {
    const [file = "", ...args] = split.words;
    return { kind: "argv", file, args };
  }
  return { kind: "argv", file: packageManager(projectRoot), args: ["run", script] };
}

function packageManager(projectRoot: string): string {
  if (existsSync(path.join(projectRoot, "pnpm-lock.yaml"))) return "pnpm";
  if (existsSync(path.join(projectRoot, "yarn.lock"))) return "yarn";
  if (existsSync(path.join(projectRoot, "bun.lock"))) return "bun";
  return "npm";
}

function readScripts(projectRoot: string): Readonly<Record<string, string>> {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path.join(projectRoot, "package.json"), "utf8"));
    if (typeof manifest === "object" && manifest !== null && "scripts" in manifest) {
      return manifest.scripts as Record<string, string>;
    }
  } catch {
    // No package.json, or a broken one: then nothing is discovered in it, and the package manager says why better.
  }
  return {};
}
