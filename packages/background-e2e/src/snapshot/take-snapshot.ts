import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SnapshotRef } from "../queue/task.ts";
import { git, textOf } from "./git.ts";
import { writePresentTree } from "./present-tree.ts";
import { SnapshotError } from "./snapshot-error.ts";
import { findWorkTree } from "./work-tree.ts";

/** Where the refs of snapshots are. */
export const snapshotRefs = "refs/apex/snapshots";

/** Says in a snapshot's commit which project has taken it: several may share a repository. */
export const projectLine = "Apex-Project: ";

/** Nobody's: a snapshot must not fail because a name is not configured. */
const identity = {
  GIT_AUTHOR_NAME: "apex",
  GIT_AUTHOR_EMAIL: "apex@localhost",
  GIT_COMMITTER_NAME: "apex",
  GIT_COMMITTER_EMAIL: "apex@localhost",
};

/** The ref of a snapshot. Throws `RangeError` for an id that git would not take. */
export function snapshotRefName(id: string): string {
  if (!/^[A-Za-z0-9][\w-]*(\.[\w-]+)*$/.test(id) || id.endsWith(".lock")) {
    throw new RangeError(`no id of a snapshot: ${JSON.stringify(id)}`);
  }
  return `${snapshotRefs}/${id}`;
}

/**
 * Keeps the whole work tree that a project is in as it is now, uncommitted and untracked files included, ignored ones not. The
 * user's index, work tree, stash, branches, hooks and reflogs are left alone; a ref of its own keeps it from git's collector.
 *
 * Content goes through the repository's filters (line ends, LFS) as with `git add`. Of a submodule, and of another repository inside the
 * work tree, only its commit is recorded. `own` are absolute paths of what apex writes itself; they are not in it.
 *
 * Throws `SnapshotError`.
 */
export async function takeSnapshot(
  projectRoot: string,
  { id, own = [] }: { readonly id: string; readonly own?: readonly string[] },
): Promise<SnapshotRef> {
  const ref = snapshotRefName(id);
  const workTree = await findWorkTree(projectRoot);
  const directory = await mkdtemp(path.join(tmpdir(), "apex-snapshot-"));
  try {
    const { tree, isDirty } = await writePresentTree(workTree, { directory, own });
    const parent = workTree.head === undefined ? [] : ["-p", workTree.head];
    const message = `apex: work tree of ${id}\n\n${projectLine}${JSON.stringify(path.resolve(projectRoot))}\n`;
    const written = await git(workTree.root, ["commit-tree", "--no-gpg-sign", tree, ...parent], {
      env: identity,
      input: Buffer.from(message).toString("latin1"),
    });
    const commit = textOf(written);
    await git(workTree.root, ["update-ref", "--no-deref", ref, commit]);
    const { head, branch } = workTree;
    return {
      id,
      commit,
      tree,
      ...(head === undefined ? {} : { base: head }),
      ...(branch === undefined ? {} : { branch }),
      isDirty,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The error for a snapshot that somebody else has removed. */
export function goneError(commit: string): SnapshotError {
  return new SnapshotError("APEX_SNAPSHOT_GONE", `the snapshot ${commit.slice(0, 12)} is no longer in the repository`, {
    hint: "queue the task again",
  });
}
