import { mkdir, readdir, realpath, rmdir, symlink } from "node:fs/promises";
import path from "node:path";
import type { SnapshotRef } from "../queue/task.ts";
import { git, gitProblem, namesIn, textOf, tryGit } from "./git.ts";
import { dependencyDirectories, linkDependencies } from "./link-dependencies.ts";
import { SnapshotError } from "./snapshot-error.ts";
import { goneError } from "./take-snapshot.ts";
import { findWorkTree } from "./work-tree.ts";

/** Where a snapshot is to be, and what it takes from the real work tree. */
export interface CheckOutOptions {
  /** The project that the snapshot was taken of. */
  readonly projectRoot: string;
  /** Absolute; must not exist, or be empty. */
  readonly directory: string;
  /** Names of ignored directories with dependencies; `defaultLinked` when absent. */
  readonly link?: readonly string[];
}

/** A snapshot on disk. */
export interface CheckedOutSnapshot {
  /** The project's root in it. */
  readonly projectRoot: string;
  /** Places, relative to the work tree's root, that lead to the real ones and so are as they are now: submodules. */
  readonly notFrozen: readonly string[];
}

/** Why git keeps its hands off a snapshot's work tree, and how we know it for one. */
export const checkOutMark = "apex snapshot";

/** Names of the directories that git ignores and tests cannot do without. */
export const defaultLinked = ["node_modules", ".venv", "venv", "vendor"] as const;

/**
 * Puts a snapshot into a directory of its own, as a detached work tree of the same repository, with the dependencies of the real one.
 * A sparse work tree stays as sparse. Imports between packages of the project lead into the snapshot, everything else that is
 * installed to where it is. Submodules lead to the real ones. Throws `SnapshotError`; nothing is left behind then.
 */
export async function checkOutSnapshot(
  { commit, base }: SnapshotRef,
  { projectRoot, directory, link = defaultLinked }: CheckOutOptions,
): Promise<CheckedOutSnapshot> {
  const workTree = await findWorkTree(projectRoot);
  await refuseTaken(directory);
  const found = await tryGit(workTree.root, ["cat-file", "-e", `${commit}^{commit}`]);
  if (found.exitCode !== 0) throw goneError(commit);
  await mkdir(path.dirname(directory), { recursive: true });
  // Forced for a directory that was deleted by hand and is still in git's list, as a locked one.
  const flags = ["--force", "--force", "--detach", "--no-checkout", "--lock", "--reason", checkOutMark];
  await git(workTree.root, ["worktree", "add", ...flags, directory, commit]);
  try {
    await git(directory, ["read-tree", "--reset", "-u", commit]);
    await addOutsideSparse(directory, commit, base);
    const root = await realpath(directory);
    const notFrozen = await linkSubmodules(workTree.root, root);
    const dependencies = await dependencyDirectories(workTree.root, link);
    const elsewhere = dependencies.filter((place) => !isWithin(path.join(workTree.root, place), root));
    await linkDependencies({ from: workTree.root, to: root, dependencies: elsewhere });
    const inside = path.join(root, workTree.inside);
    await mkdir(inside, { recursive: true });
    return { projectRoot: inside, notFrozen };
  } catch (error) {
    await tryGit(workTree.root, ["worktree", "remove", "--force", "--force", directory]);
    throw error;
  }
}

async function refuseTaken(directory: string): Promise<void> {
  const entries = await readdir(directory).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw takenError(directory, error);
  });
  if (entries.length > 0) throw takenError(directory);
}

function takenError(directory: string, cause?: unknown): SnapshotError {
  return new SnapshotError("APEX_SNAPSHOT_PLACE_TAKEN", `${directory} is not an empty directory`, {
    hint: "something else is where the snapshot is to be; move it away",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Files that were changed or made outside of what a sparse work tree has belong to the snapshot. */
async function addOutsideSparse(directory: string, commit: string, base: string | undefined): Promise<void> {
  const missing = namesIn(await git(directory, ["ls-files", "-z", "-t"]))
    .filter((line) => line.startsWith("S "))
    .map((line) => line.slice(2));
  if (missing.length === 0 || base === undefined) return;
  const diff = await git(directory, ["diff-tree", "-r", "-z", "--name-only", "--diff-filter=AMT", base, commit]);
  const changed = new Set(namesIn(diff));
  const wanted = missing.filter((name) => changed.has(name));
  if (wanted.length === 0) return;
  const input = `${wanted.join("\0")}\0`;
  await git(directory, ["update-index", "--no-skip-worktree", "-z", "--stdin"], { input });
  const { exitCode, stderr } = await tryGit(directory, ["checkout-index", "-f", "-z", "--stdin"], { input });
  if (exitCode !== 0) throw gitProblem(directory, ["checkout-index"], stderr);
}

async function linkSubmodules(from: string, to: string): Promise<string[]> {
  const submodules = namesIn(await git(to, ["ls-files", "-z", "--stage"]))
    .filter((line) => line.startsWith("160000 "))
    .map((line) => textOf(line.slice(line.indexOf("\t") + 1)));
  const linked: string[] = [];
  for (const place of submodules) {
    const real = path.join(from, place);
    const content = await readdir(real).catch(() => []);
    if (content.length === 0) continue;
    await mkdir(path.dirname(path.join(to, place)), { recursive: true });
    await rmdir(path.join(to, place)).catch(() => undefined);
    await symlink(real, path.join(to, place), "junction");
    linked.push(place);
  }
  return linked;
}

function isWithin(place: string, directory: string): boolean {
  return place === directory || place.startsWith(`${directory}${path.sep}`);
}
