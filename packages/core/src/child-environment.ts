import path from "node:path";
import process from "node:process";

/**
 * Variables that speak to this very process and would mislead a child: it has no terminal to colour for, and Node's test
 * runner runs no tests at all, with exit code 0, in a process that inherits `NODE_TEST_CONTEXT`. What lets people follow a run, or
 * publish one, is no business of tests and services.
 */
const notInherited = ["FORCE_COLOR", "NODE_TEST_CONTEXT", "APEX_WEBSOCKET_TOKEN"];

/** What `execvp` searches when there is no PATH at all (glibc's and musl's default without the current directory). */
const defaultSearchPath = "/usr/local/bin:/usr/bin:/bin";

/** The environments of child processes: what this process inherited, the command's own variables, and local binaries first on PATH. */
export class ChildEnvironment {
  /** What every child starts from. */
  readonly inherited: NodeJS.ProcessEnv;
  readonly #binDirectories = new Map<string, string>();

  /** Keeps a copy of `inherited`; later changes to `process.env` are not seen. */
  constructor(inherited: NodeJS.ProcessEnv = process.env) {
    this.inherited = { ...inherited };
    for (const name of notInherited) delete this.inherited[name];
  }

  /** The whole environment of a command that runs in `cwd` (absolute); `additions` win over what is inherited. */
  for(cwd: string, additions: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
    return { ...this.inherited, ...this.additionsFor(cwd, additions) };
  }

  /** What is laid over {@link inherited} for such a command. */
  additionsFor(cwd: string, additions: Readonly<Record<string, string>> = {}): Record<string, string> {
    const key = searchPathKey({ ...this.inherited, ...additions });
    const inheritedPath = additions[key] ?? this.inherited[key] ?? defaultSearchPath;
    const separator = inheritedPath === "" ? "" : path.delimiter;
    return { ...additions, [key]: this.#localBinaries(cwd) + separator + inheritedPath };
  }

  /** Every `node_modules/.bin` from `cwd` up, nearest first, whether it exists yet or not: an install may be part of the run. */
  #localBinaries(cwd: string): string {
    let joined = this.#binDirectories.get(cwd);
    if (joined === undefined) {
      joined = ancestors(cwd)
        .map((directory) => path.join(directory, "node_modules", ".bin"))
        .join(path.delimiter);
      this.#binDirectories.set(cwd, joined);
    }
    return joined;
  }
}

/** The variable that names the search path in `env`: Windows spells it as it likes. */
export function searchPathKey(env: NodeJS.ProcessEnv): string {
  if (process.platform !== "win32") return "PATH";
  return Object.keys(env).findLast((name) => name.toUpperCase() === "PATH") ?? "Path";
}

function ancestors(directory: string): string[] {
  const found = [path.resolve(directory)];
  for (;;) {
    const last = found.at(-1) ?? "";
    const parent = path.dirname(last);
    if (parent === last) return found;
    found.push(parent);
  }
}
