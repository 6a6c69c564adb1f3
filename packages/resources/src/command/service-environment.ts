import path from "node:path";
import process from "node:process";

/**
 * Variables that speak to this very process and would mislead a service: it has no terminal to colour for, and a server that
 * runs tests of Node itself would run none. What lets people follow a run is no business of it.
 */
const notInherited = ["FORCE_COLOR", "NODE_TEST_CONTEXT", "APEX_WEBSOCKET_TOKEN"];

/** What `execvp` searches when there is no PATH at all. */
const defaultSearchPath = "/usr/local/bin:/usr/bin:/bin";

/** The environment of a service that runs in `cwd` (absolute): what is inherited, local binaries first on PATH, `additions`. */
export function serviceEnvironment(
  inherited: NodeJS.ProcessEnv,
  cwd: string,
  additions: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...inherited, ...additions };
  for (const name of notInherited) if (!(name in additions)) delete env[name];
  const key = searchPathKey(env);
  env[key] = [...localBinaries(cwd), env[key] ?? defaultSearchPath].join(path.delimiter);
  return env;
}

/** The variable that names the search path: Windows spells it as it likes. */
export function searchPathKey(env: NodeJS.ProcessEnv): string {
  if (process.platform !== "win32") return "PATH";
  return Object.keys(env).findLast((name) => name.toUpperCase() === "PATH") ?? "Path";
}

/** Every `node_modules/.bin` from a directory up, nearest first. */
function localBinaries(cwd: string): string[] {
  const found: string[] = [];
  for (let directory = path.resolve(cwd); ; directory = path.dirname(directory)) {
    found.push(path.join(directory, "node_modules", ".bin"));
    if (path.dirname(directory) === directory) return found;
  }
}
