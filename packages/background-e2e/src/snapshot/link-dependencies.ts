import type { Dirent } from "node:fs";
import { lstat, mkdir, readdir, realpath, stat, symlink } from "node:fs/promises";
import path from "node:path";
import { git, namesIn, textOf } from "./git.ts";

/** Directories with these names that git ignores, in the whole work tree, relative to its root; the outermost ones. */
export async function dependencyDirectories(root: string, names: readonly string[]): Promise<string[]> {
  const ignored = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
  const found = new Set<string>();
  for (const name of namesIn(await git(root, ignored))) {
    const parts = textOf(name).split("/");
    // Where something in it is tracked, git lists the rest one by one.
    const end = parts.findIndex((part) => names.includes(part));
    if (end !== -1) found.add(parts.slice(0, end + 1).join(path.sep));
  }
  const directories: string[] = [];
  for (const place of found) {
    if (await isDirectory(path.join(root, place))) directories.push(place);
  }
  return directories.toSorted();
}

/** What is to be linked from where to where; `dependencies` are relative to both. */
interface Linking {
  /** Root of the real work tree. */
  readonly from: string;
  /** Root of the snapshot. */
  readonly to: string;
  readonly dependencies: readonly string[];
}

/**
 * Brings installed dependencies into a snapshot by links. A `node_modules` becomes a directory of links, since what leads from it to a
 * package of the project itself must lead to that package in the snapshot. What is already there stays.
 */
export async function linkDependencies(linking: Linking): Promise<void> {
  for (const place of linking.dependencies) {
    if (path.basename(place) === "node_modules") await linkEntries(linking, place, isNested);
    else await linkAs(path.join(linking.from, place), path.join(linking.to, place));
  }
}

/** Folders of `node_modules` that are no packages, but hold some (`@scope`) or links to some (`.bin`). */
const isNested = (name: string): boolean => name.startsWith("@") || name === ".bin";

/** What tools write there as they run. The snapshot's would mix with that of the work tree. */
const isCache = (name: string): boolean => name === ".cache" || name.startsWith(".vite");

async function linkEntries(
  linking: Linking,
  place: string,
  isFolder: (name: string) => boolean = () => false,
): Promise<void> {
  const directory = path.join(linking.to, place);
  await mkdir(directory, { recursive: true });
  for (const entry of await readdir(path.join(linking.from, place), { withFileTypes: true })) {
    const inside = path.join(place, entry.name);
    if (isCache(entry.name)) continue;
    if (entry.isDirectory() && isFolder(entry.name)) await linkEntries(linking, inside);
    else await linkAs(await targetOf(linking, inside, entry), path.join(linking.to, inside));
  }
}

/** Where an entry is to lead: into the snapshot, if it is a link to what the snapshot has, else to the real one. */
async function targetOf({ from, to, dependencies }: Linking, place: string, entry: Dirent): Promise<string> {
  const real = path.join(from, place);
  if (!entry.isSymbolicLink()) return real;
  // One that leads nowhere is as good in the snapshot.
  const target = path.relative(from, await realpath(real).catch(() => real));
  const isOutside = target === ".." || target.startsWith(`..${path.sep}`) || path.isAbsolute(target);
  const isInstalled = dependencies.some((other) => target === other || target.startsWith(`${other}${path.sep}`));
  return isOutside || isInstalled ? real : path.join(to, target);
}

async function linkAs(target: string, link: string): Promise<void> {
  if (await lstat(link).catch(() => undefined)) return;
  await mkdir(path.dirname(link), { recursive: true });
  await symlink(target, link, (await isDirectory(target)) ? "junction" : "file");
}

function isDirectory(place: string): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
