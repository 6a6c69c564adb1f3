import { existsSync, realpathSync } from "node:fs";
import { copyFile, lstat, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { fileName, git, type GitCall, gitName, gitProblem, namesIn, textOf, tryGit } from "./git.ts";
import type { WorkTree } from "./work-tree.ts";

/** The work tree as it is now. */
export interface PresentTree {
  /** Hash of the tree: every file that git does not ignore. */
  readonly tree: string;
  /** Whether it differs from the commit that is checked out. */
  readonly isDirty: boolean;
}

/**
 * Writes the work tree's present content as a tree, by an index of its own in `directory`. The user's index is only read. `own` are
 * absolute paths that do not count, `call` says where objects go.
 */
export async function writePresentTree(
  workTree: WorkTree,
  { directory, own, call = {} }: { directory: string; own: readonly string[]; call?: GitCall },
): Promise<PresentTree> {
  const index = path.join(directory, "index");
  await copyIndex(workTree.index, index);
  const env = { ...call.env, GIT_INDEX_FILE: index };
  const run = (args: readonly string[], input?: string): Promise<string> =>
    git(workTree.root, args, { ...call, env, ...(input === undefined ? {} : { input }) });
  const edit = (names: readonly string[], ...flags: string[]): Promise<string> | undefined =>
    names.length === 0 ? undefined : run(["update-index", ...flags, "-z", "--stdin"], `${names.join("\0")}\0`);

  const ownNames = ownWithin(workTree.root, own);
  const isOwn = (name: string): boolean => ownNames.some((place) => name === place || name.startsWith(`${place}/`));
  const tracked = namesIn(await run(["ls-files", "-z", "-v"])).map((line) => ({
    tag: line.charAt(0),
    name: line.slice(2),
  }));
  await edit(await passedOver(workTree.root, tracked), "--no-assume-unchanged");
  await edit(await passedOver(workTree.root, tracked), "--no-skip-worktree");
  const isSparse = tracked.some(({ tag }) => tag.toUpperCase() === "S");
  // What is tracked first: a file that became a directory has to go before what is in the directory can come.
  if (tracked.length > 0) await run(["add", "--update", ...(isSparse ? ["--sparse"] : []), "--", "."]);
  const others = namesIn(await run(["ls-files", "-z", "--others", "--exclude-standard"])).filter(
    (name) => !isOwn(name),
  );
  await edit(await withoutEmptyRepositories(workTree.root, others), "--add", "--replace", "--remove");
  const ownTracked = tracked.map(({ name }) => name).filter((name) => isOwn(name));
  await edit([...new Set(ownTracked)], "--force-remove");
  const [tree, isDirty] = await Promise.all([run(["write-tree"]), isDifferent(workTree, ownNames, { ...call, env })]);
  return { tree: textOf(tree), isDirty };
}

async function copyIndex(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  const { mtimeMs } = await stat(from);
  await copyFile(from, to);
  // Git looks closer at files as young as the index. A copy that looks younger would hide changes of the same moment and size.
  const seconds = Math.floor(mtimeMs) / 1_000;
  await utimes(to, seconds, seconds);
}

function ownWithin(root: string, own: readonly string[]): string[] {
  return own
    .map((place) => path.relative(root, existsSync(place) ? realpathSync(place) : path.resolve(place)))
    .filter((place) => place !== "" && place !== ".." && !place.startsWith(`..${path.sep}`) && !path.isAbsolute(place))
    .map(gitName);
}

/** Files that git was told not to look at (`--assume-unchanged`, `--skip-worktree`) and that are there all the same. */
async function passedOver(root: string, tracked: readonly { tag: string; name: string }[]): Promise<string[]> {
  const flagged = tracked.filter(({ tag }) => tag.toUpperCase() === "S" || tag !== tag.toUpperCase());
  const isThere = await Promise.all(
    flagged.map(({ name }) =>
      lstat(fileName(root, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return flagged.filter((_, index) => isThere[index]).map(({ name }) => name);
}

/** Repositories inside the work tree are named with a slash at the end. One without a commit has nothing that could be recorded. */
async function withoutEmptyRepositories(root: string, names: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const name of names) {
    if (!name.endsWith("/")) kept.push(name);
    else {
      const { exitCode } = await tryGit(path.join(root, textOf(name)), ["rev-parse", "--quiet", "--verify", "HEAD"]);
      if (exitCode === 0) kept.push(name.slice(0, -1));
    }
  }
  return kept;
}

async function isDifferent(workTree: WorkTree, ownNames: readonly string[], call: GitCall): Promise<boolean> {
  if (workTree.head === undefined) return true;
  const excluded = ownNames.map((name) => `:(exclude,literal,top)${textOf(name)}`);
  // Without --cached, changes in submodules count, too.
  const args = ["diff-index", "--quiet", "--ignore-submodules=none", workTree.head, "--", ":/", ...excluded];
  const { exitCode, stderr } = await tryGit(workTree.root, args, call);
  if (exitCode > 1) throw gitProblem(workTree.root, args, stderr);
  return exitCode === 1;
}
