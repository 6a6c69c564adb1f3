import path from "node:path";
import { realpathSync } from "node:fs";
import { git, textOf, tryGit } from "./git.ts";

/** A work tree of git, and where its parts are. Paths are absolute. */
export interface WorkTree {
  /** Its root, without symbolic links. */
  readonly root: string;
  /** The directory in it that was asked about, relative to the root; empty for the root itself. */
  readonly inside: string;
  /** Its index; absent on disk in a new repository. */
  readonly index: string;
  /** Where objects are kept. */
  readonly objects: string;
  /** The commit that is checked out; absent in a repository without one. */
  readonly head?: string;
  /** Absent when no branch is checked out. */
  readonly branch?: string;
}

/** Finds the work tree that a directory is in. Throws `APEX_SNAPSHOT_NO_REPOSITORY` where there is none. */
export async function findWorkTree(directory: string): Promise<WorkTree> {
  // One value per call: a path may have line ends in it.
  const [root, index, objects, head, branch] = await Promise.all([
    git(directory, ["rev-parse", "--show-toplevel"]),
    git(directory, ["rev-parse", "--git-path", "index"]),
    git(directory, ["rev-parse", "--git-path", "objects"]),
    tryGit(directory, ["rev-parse", "--quiet", "--verify", "HEAD"]),
    tryGit(directory, ["symbolic-ref", "--quiet", "--short", "HEAD"]),
  ]);
  const top = realpathSync(textOf(root));
  return {
    root: top,
    inside: path.relative(top, realpathSync(directory)),
    index: path.resolve(directory, textOf(index)),
    objects: path.resolve(directory, textOf(objects)),
    ...(head.exitCode === 0 ? { head: textOf(head.stdout) } : {}),
    ...(branch.exitCode === 0 ? { branch: textOf(branch.stdout) } : {}),
  };
}
