import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ApexError } from "@netra-apex/core";

/** What `--changed-since` names is nothing that git knows. */
class ChangedFilesError extends ApexError {
  readonly code = "APEX_CHANGED_FILES";
}

const run = promisify(execFile);

/**
 * Files under the project's root that differ from `since`, with what is not committed and what git does not track yet;
 * relative to the root, with `/`. Without `since`: from where this branch left the main one; on the main branch itself,
 * from the commit before. Undefined where git cannot tell (no repository, a single commit).
 */
export async function findChangedFiles(projectRoot: string, since?: string): Promise<string[] | undefined> {
  const git = async (...args: string[]): Promise<string | undefined> => {
    try {
      const { stdout } = await run("git", ["-C", projectRoot, ...args], { maxBuffer: 256 * 1024 * 1024 });
      return stdout.trimEnd();
    } catch {
      return undefined;
    }
  };
  const base = since === undefined ? await defaultBase(git) : await git("rev-parse", "--verify", `${since}^{commit}`);
  if (base === undefined) {
    if (since === undefined) return undefined;
    throw new ChangedFilesError(`git knows no commit "${since}"`, { hint: "give a branch, a tag or a commit" });
  }
  // `--relative` and `-z`: paths from the project's root, which may be a folder of the repository, and never quoted.
  const changed = await git("diff", "--name-only", "--relative", "-z", base);
  const untracked = await git("ls-files", "--others", "--exclude-standard", "-z");
  if (changed === undefined || untracked === undefined) return undefined;
  return [...new Set([...changed.split("\0"), ...untracked.split("\0")])].filter((file) => file !== "");
}

async function defaultBase(git: (...args: string[]) => Promise<string | undefined>): Promise<string | undefined> {
  const remoteHead = await git("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD");
  const candidates = [
    ...(remoteHead === undefined ? [] : [remoteHead]),
    "origin/main",
    "origin/master",
    "main",
    "master",
  ];
  for (const candidate of candidates) {
    const base = await git("merge-base", "HEAD", candidate);
    if (base === undefined) continue;
    // A build of the main branch often has its commit checked out without the branch.
    const branch = await git("symbolic-ref", "--quiet", "--short", "HEAD");
    const isMain = branch === undefined || candidate === branch || candidate === `origin/${branch}`;
    const isAtBase = base === (await git("rev-parse", "HEAD"));
    return isMain && isAtBase ? git("rev-parse", "--verify", "--quiet", "HEAD~1") : base;
  }
  return undefined;
}
