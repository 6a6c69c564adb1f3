import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import path from "node:path";
import type { Hash } from "node:crypto";
import { promisify } from "node:util";
import type { RunInputs } from "@netra-apex/core";

/** A repository that takes longer to look at is not looked at. */
const timeoutMs = 10_000;
/** Files beyond this size are told apart by size and time alone. */
const longestRead = 16 * 1024 * 1024;

/**
 * The state of the code in a directory: git's commit, and the content of every file that differs from it or is not in it
 * (and is not ignored). What is in `own`, absolute paths of what apex itself writes, does not count. Undefined where there is no git repository, or no git. Never throws.
 */
export async function identifyInputs(directory: string, own: readonly string[]): Promise<RunInputs | undefined> {
  const inside = own
    .map((place) => path.relative(directory, place))
    .filter((place) => place !== "" && !place.startsWith(".."));
  const pathspecs = ["--", ":/", ...inside.map((place) => `:(exclude,literal)${place}`)];
  try {
    const { stdout } = await promisify(execFile)(
      "git",
      [
        "-C",
        directory,
        "status",
        "--porcelain=v2",
        "--branch",
        "-z",
        "--untracked-files=all",
        "--no-renames",
        ...pathspecs,
      ],
      { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024, windowsHide: true, env: gitEnvironment() },
    );
    return await readStatus(directory, stdout);
  } catch {
    return undefined;
  }
}

/** A hook of git may have its own in the environment; looking must not take the index' lock from anybody. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const env = Object.entries(process.env).filter(([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)$/.test(name));
  return { ...Object.fromEntries(env), GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };
}

async function readStatus(directory: string, status: string): Promise<RunInputs> {
  const entries = status.split("\0").filter((entry) => entry !== "");
  const header = (name: string): string | undefined =>
    entries.find((entry) => entry.startsWith(`# branch.${name} `))?.slice(`# branch.${name} `.length);
  const changes = entries.filter((entry) => !entry.startsWith("# "));
  const commit = header("oid");
  const branch = header("head");
  const inputs = {
    ...(commit === undefined || commit === "(initial)" ? {} : { commit }),
    ...(branch === undefined || branch === "(detached)" ? {} : { branch }),
    isDirty: changes.length > 0,
  };
  const base = `git:${commit ?? ""}`;
  if (changes.length === 0) return { inputFingerprint: base, ...inputs };
  const root = await rootOf(directory);
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  for (const change of changes) {
    // Beside the content, what git says of it: staged, deleted, its mode.
    hash.update(`${change}\0`);
    await addContent(hash, path.join(root, pathOf(change)));
  }
  return { inputFingerprint: `${base}+${hash.digest("hex").slice(0, 32)}`, ...inputs };
}

async function rootOf(directory: string): Promise<string> {
  const { stdout } = await promisify(execFile)("git", ["-C", directory, "rev-parse", "--show-toplevel"], {
    timeout: timeoutMs,
    env: gitEnvironment(),
  });
  return stdout.replace(/\n$/, "");
}

/** The path in a line of `git status --porcelain=v2`: after 8 fields for a changed file, 10 for an unmerged one, 1 otherwise. */
function pathOf(change: string): string {
  const fields = { "1": 8, u: 10 }[change.charAt(0)] ?? 1;
  let from = 0;
  for (let field = 0; field < fields; field += 1) from = change.indexOf(" ", from) + 1;
  return change.slice(from);
}

async function addContent(hash: Hash, file: string): Promise<void> {
  const { lstat, readlink } = await import("node:fs/promises");
  try {
    const { size, mtimeMs, isFile, isLink } = await lstat(file).then((stats) => ({
      size: stats.size,
      mtimeMs: stats.mtimeMs,
      isFile: stats.isFile(),
      isLink: stats.isSymbolicLink(),
    }));
    if (isLink) hash.update(await readlink(file));
    else if (!isFile) return;
    else if (size > longestRead) hash.update(`${size} ${mtimeMs}`);
    else for await (const block of createReadStream(file)) hash.update(block as Buffer);
  } catch {
    // It is gone, or may not be read; git has said what it knows of it.
  }
}
