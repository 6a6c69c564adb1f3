import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { writePresentTree } from "./present-tree.ts";
import { findWorkTree } from "./work-tree.ts";

/** The state of the code on disk, as it can be stamped on a result. */
export interface WorkTreeIdentity {
  /** Git's hash of everything that is not ignored, as if it were committed now: the one that `takeSnapshot` records. */
  readonly tree: string;
  /** The commit that is checked out; absent in a repository without one. */
  readonly commit?: string;
  readonly branch?: string;
  /** Whether something differs from that commit. */
  readonly isDirty: boolean;
}

/**
 * Says what the code in a directory's work tree is now. `own` are absolute paths that do not count. Leaves nothing behind, neither in the
 * index nor in the object database. Undefined where there is no git, no repository, or git fails. Never throws.
 */
export async function identifyWorkTree(
  directory: string,
  own: readonly string[],
): Promise<WorkTreeIdentity | undefined> {
  let scratch: string | undefined;
  try {
    const workTree = await findWorkTree(directory);
    scratch = await mkdtemp(path.join(tmpdir(), "apex-identify-"));
    const objects = path.join(scratch, "objects");
    await mkdir(objects);
    const env = { GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: listed(workTree.objects) };
    // What is thrown away at once need not be small, nor safe from a power cut.
    const call = { env, settings: ["core.looseCompression=0", "core.fsync=none", "core.bigFileThreshold=64m"] };
    const { tree, isDirty } = await writePresentTree(workTree, { directory: scratch, own, call });
    const { head, branch } = workTree;
    return {
      tree,
      ...(head === undefined ? {} : { commit: head }),
      ...(branch === undefined ? {} : { branch }),
      isDirty,
    };
  } catch {
    return undefined;
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A path in a list of paths: one with a separator or a quote in it is quoted as in C. */
function listed(place: string): string {
  if (!place.includes(path.delimiter) && !place.startsWith('"')) return place;
  return `"${place.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
