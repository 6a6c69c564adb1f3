import { spawn } from "node:child_process";
import { SnapshotError } from "./snapshot-error.ts";

/** How to call git. */
export interface GitCall {
  /** Added to the environment that is left of the caller's. */
  readonly env?: Readonly<Record<string, string>>;
  /** For its standard input; bytes as latin1, as in what comes back. */
  readonly input?: string;
  /** Settings for this call only, such as `core.looseCompression=0`. */
  readonly settings?: readonly string[];
}

/** What git said. File names may be any bytes, so the output is those bytes, each as one character (latin1). */
export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A call that takes longer hangs: on a filter that waits for a password, a file system that is gone. */
const deadlineMs = 5 * 60_000;

/** What a caller's settings must not bring about: hooks, daemons, signing, files beside the index, steps into submodules. */
const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.splitIndex=false",
  "core.safecrlf=false",
  "core.logAllRefUpdates=false",
  "submodule.recurse=false",
  "gc.auto=0",
  "maintenance.auto=false",
];

/** Variables of git that say where git and its settings are. All others are about another command: a hook's, a test's. */
const keptVariables = /^GIT_(EXEC_PATH|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)|CEILING_DIRECTORIES)$/;

function gitEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_") || keptVariables.test(name));
  return { ...Object.fromEntries(own), GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...extra };
}

/** Runs git in a directory and says how it ended. Throws `APEX_SNAPSHOT_NO_GIT` where there is none. */
export function tryGit(directory: string, args: readonly string[], call: GitCall = {}): Promise<GitOutput> {
  const configured = [...settings, ...(call.settings ?? [])].flatMap((setting) => ["-c", setting]);
  return new Promise((resolve, reject) => {
    const child = spawn("git", ["-C", directory, ...configured, ...args], {
      env: gitEnvironment(call.env ?? {}),
      timeout: deadlineMs,
      windowsHide: true,
    });
    const output: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (block: Buffer) => output.push(block));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (error) => reject(spawnProblem(error)));
    child.on("close", (exitCode, signal) => {
      const stdout = Buffer.concat(output).toString("latin1");
      if (signal) stderr += `git was ended by ${signal}`;
      resolve({ exitCode: exitCode ?? 1, stdout, stderr });
    });
    // A git that ends before it has read everything says why in its own words.
    child.stdin.on("error", () => undefined);
    child.stdin.end(call.input ?? "", "latin1");
  });
}

/** Runs git in a directory, for its output. Throws a `SnapshotError` when it fails, with what git said. */
export async function git(directory: string, args: readonly string[], call: GitCall = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await tryGit(directory, args, call);
  if (exitCode === 0) return stdout;
  throw gitProblem(directory, args, stderr);
}

/** The named error for what git said. */
export function gitProblem(directory: string, [command = ""]: readonly string[], stderr: string): SnapshotError {
  const said = stderr.trim();
  if (/not a git repository|must be run in a work tree/i.test(said)) {
    return new SnapshotError(
      "APEX_SNAPSHOT_NO_REPOSITORY",
      `${directory} is not in the work tree of a git repository`,
      {
        hint: "snapshots are made by git: run git init, or queue the task without a snapshot",
      },
    );
  }
  return new SnapshotError(
    "APEX_SNAPSHOT_FAILED",
    `git ${command} failed in ${directory}: ${said || "no reason given"}`,
    {
      hint: "the repository is as it was; put right what git says, or queue the task without a snapshot",
    },
  );
}

function spawnProblem(cause: Error): SnapshotError {
  if ("code" in cause && cause.code === "ENOENT") {
    return new SnapshotError("APEX_SNAPSHOT_NO_GIT", "there is no git on the PATH", {
      hint: "install git, or queue the task without a snapshot",
      cause,
    });
  }
  return new SnapshotError("APEX_SNAPSHOT_FAILED", `git cannot be started: ${cause.message}`, {
    hint: "try git --version; or queue the task without a snapshot",
    cause,
  });
}

/** The names in an output of `-z`. */
export function namesIn(output: string): string[] {
  return output.split("\0").filter((name) => name !== "");
}

/** A file name as git's bytes, for comparison with {@link namesIn}. */
export function gitName(name: string): string {
  return Buffer.from(name.replaceAll("\\", process.platform === "win32" ? "/" : "\\")).toString("latin1");
}

/** A file name of {@link namesIn} as the file system takes it where it may be no text. */
export function fileName(directory: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, "latin1")]);
}

/** The text of a name, or of an output that is one name and an end of line. */
export function textOf(name: string): string {
  return Buffer.from(name, "latin1")
    .toString("utf8")
    .replace(/\r?\n$/, "");
}
