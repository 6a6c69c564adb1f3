import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** Where the project's own nextest config lets a profile write its JUnit report, absolute; `undefined` when it writes none. */
export function ownJUnitFile(cwd: string, profile: string, configFile?: string): string | undefined {
  const root = workspaceRoot(cwd);
  const file = configFile === undefined ? path.join(root, nextestConfig) : path.resolve(cwd, configFile);
  if (!existsSync(file)) return undefined;
  const values = readToml(readFileSync(file, "utf8"));
  const report = values.get(`profile.${profile}.junit.path`);
  if (report === undefined) return undefined;
  return path.resolve(root, values.get("store.dir") ?? path.join("target", "nextest"), profile, report);
}

/** A config of ours, which is asked after the project's own for the same profile, and before the project's for the default one. */
export function toolConfig(profile: string, reportFile: string): string {
  return `[profile.${tomlKey(profile)}.junit]\npath = ${JSON.stringify(reportFile)}\n`;
}

const nextestConfig = path.join(".config", "nextest.toml");

function workspaceRoot(cwd: string): string {
  for (let directory = cwd; ; directory = path.dirname(directory)) {
    if (existsSync(path.join(directory, nextestConfig))) return directory;
    if (path.dirname(directory) === directory) return cwd;
  }
}

function tomlKey(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

/** Texts of a TOML file by their dotted keys. Knows tables, dotted keys and inline tables on one line, which is all that is asked of it. */
function readToml(text: string): Map<string, string> {
  const values = new Map<string, string>();
  let table = "";
  for (const line of text.split("\n")) {
    const header = /^\s*\[\s*([^[\]]+?)\s*\]/.exec(line)?.[1];
    if (header !== undefined) table = plainKey(header);
    else if (/^\s*\[\[/.test(line)) table = "[]";
    const inline = /^\s*([\w."'-]+)\s*=\s*\{(.*)\}/.exec(line);
    const pairs = inline?.[2] ?? line;
    const prefix = [table, ...(inline?.[1] === undefined ? [] : [plainKey(inline[1])])].filter((part) => part !== "");
    for (const [, key = "", quoted, literal] of pairs.matchAll(/(?:^|,)\s*([\w."'-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
      values.set([...prefix, plainKey(key)].join("."), quoted ?? literal ?? "");
  }
  return values;
}

function plainKey(key: string): string {
  return key.replaceAll(/["'\s]/g, "");
}
