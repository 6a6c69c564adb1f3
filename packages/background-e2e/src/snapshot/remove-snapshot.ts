import { readdir, realpath, rm } from "node:fs/promises";
import path from "node:path";
import { checkOutMark } from "./check-out-snapshot.ts";
import { git, textOf, tryGit } from "./git.ts";
import { SnapshotError } from "./snapshot-error.ts";
import { projectLine, snapshotRefName, snapshotRefs } from "./take-snapshot.ts";
import { findWorkTree } from "./work-tree.ts";

/** A snapshot that the repository still keeps for a project. */
export interface KeptSnapshot {
  readonly id: string;
  readonly commit: string;
  readonly createdMs: number;
}

/** Snapshots of a project that are still kept, oldest first. Throws `SnapshotError`. */
export async function listSnapshots(projectRoot: string): Promise<KeptSnapshot[]> {
  const format = "%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents:body)%00%01";
  const output = await git(projectRoot, ["for-each-ref", `--format=${format}`, `${snapshotRefs}/`]);
  const own = `${projectLine}${JSON.stringify(path.resolve(projectRoot))}`;
  return output
    .split("\0\u0001\n")
    .filter((entry) => entry !== "")
    .map((entry) => entry.split("\0"))
    .filter(([, , , body = ""]) => textOf(body) === own)
    .map(([name = "", commit = "", seconds = ""]) => ({
      id: name.slice(snapshotRefs.length + 1),
      commit,
      createdMs: Number(seconds) * 1_000,
    }))
    .toSorted((left, right) => left.createdMs - right.createdMs);
}

/** Removes a snapshot: its work tree and directory, where one is named, and its ref. Nothing happens for what is already gone. */
export async function removeSnapshot(
  id: string,
  { projectRoot, directory }: { readonly projectRoot: string; readonly directory?: string },
): Promise<void> {
  const ref = snapshotRefName(id);
  if (directory !== undefined) await removeCheckOut(directory, projectRoot);
  await git(projectRoot, ["update-ref", "--no-deref", "-d", ref]);
}

/**
 * Removes the work tree of a snapshot from the disk and from git's list; the snapshot itself stays. Links in it are not followed.
 * Throws `APEX_SNAPSHOT_PLACE_TAKEN` for a directory with something else in it.
 */
export async function removeCheckOut(directory: string, projectRoot: string): Promise<void> {
  const { root } = await findWorkTree(projectRoot);
  const place = await realPlace(directory);
  const listed = (await listedWorkTrees(root)).get(place);
  if (listed !== "snapshot" && (listed === "other" || (await isFilled(directory)))) {
    throw new SnapshotError("APEX_SNAPSHOT_PLACE_TAKEN", `${directory} is no snapshot, so it is not removed`, {
      hint: "look what it is, and move it away",
    });
  }
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  if (listed) await git(root, ["worktree", "remove", "--force", "--force", place]);
}

/**
 * Removes what is left of snapshots whose tasks are over: the project's refs, and directories and work trees directly in `directory`
 * (named by their ids), that are not in `keep`. Nobody else's work trees are touched. Returns the ids.
 */
export async function removeAbandonedSnapshots(
  projectRoot: string,
  { directory, keep }: { readonly directory: string; readonly keep: ReadonlySet<string> },
): Promise<string[]> {
  const kept = await listSnapshots(projectRoot);
  const home = await realPlace(directory);
  const listed = await listedWorkTrees(projectRoot);
  const onDisk = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const places = new Set([
    ...[...listed.keys()].filter((place) => path.dirname(place) === home),
    ...onDisk.filter((entry) => entry.isDirectory()).map((entry) => path.join(home, entry.name)),
  ]);
  const removed = new Set<string>();
  for (const place of places) {
    const id = path.basename(place);
    if (keep.has(id) || listed.get(place) === "other") continue;
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
    if (listed.has(place)) await git(projectRoot, ["worktree", "remove", "--force", "--force", place]);
    removed.add(id);
  }
  for (const { id } of kept) {
    if (keep.has(id)) continue;
    await removeSnapshot(id, { projectRoot });
    removed.add(id);
  }
  return [...removed].toSorted();
}

/** Directories that git knows as work trees of the repository, also those that are gone, and whether they are snapshots. */
async function listedWorkTrees(directory: string): Promise<Map<string, "snapshot" | "other">> {
  const withNull = await tryGit(directory, ["worktree", "list", "--porcelain", "-z"]);
  // Git before 2.36 ends lines by line ends only.
  const [output, end] =
    withNull.exitCode === 0
      ? [withNull.stdout, "\0"]
      : [await git(directory, ["worktree", "list", "--porcelain"]), "\n"];
  const listed = new Map<string, "snapshot" | "other">();
  for (const record of output.split(`${end}${end}`)) {
    const lines = record.split(end);
    const place = lines.find((line) => line.startsWith("worktree "));
    if (place === undefined) continue;
    const isSnapshot = lines.includes(`locked ${checkOutMark}`);
    listed.set(path.resolve(textOf(place.slice("worktree ".length))), isSnapshot ? "snapshot" : "other");
  }
  return listed;
}

/** The path as git has it, without symbolic links, also when the directory itself is gone. */
async function realPlace(directory: string): Promise<string> {
  const absolute = path.resolve(directory);
  try {
    return await realpath(absolute);
  } catch {
    const parent = path.dirname(absolute);
    return parent === absolute ? absolute : path.join(await realPlace(parent), path.basename(absolute));
  }
}

async function isFilled(directory: string): Promise<boolean> {
  return (await readdir(directory).catch(() => [])).length > 0;
}
