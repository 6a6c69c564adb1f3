import { mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { identifyWorkTree } from "../../src/snapshot/identify-work-tree.ts";
import { takeSnapshot } from "../../src/snapshot/take-snapshot.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { Repository, repository } from "./repository.ts";

test("says the tree that a snapshot would have, and leaves no object and no trace in the repository", async () => {
  const repo = repository({ "a.txt": "a" });
  repo.write({ "a.txt": "changed", "new.txt": "new" });
  const before = [repo.fingerprint(), repo.objects()];
  const identity = await identifyWorkTree(repo.root, []);
  expect([repo.fingerprint(), repo.objects()]).toEqual(before);
  const { tree } = await takeSnapshot(repo.root, { id: "unit-1" });
  const commit = repo.git("rev-parse", "HEAD").trim();
  expect(identity).toEqual({ tree, commit, branch: "main", isDirty: true });
});

test("comes back to the commit's tree when a change is undone, and does not count what apex writes", async () => {
  const repo = repository({ "a.txt": "a" });
  const own = [path.join(repo.root, ".apex")];
  const clean = await identifyWorkTree(repo.root, own);
  repo.write({ "a.txt": "b", ".apex/x": "x" });
  const changed = await identifyWorkTree(repo.root, own);
  repo.write({ "a.txt": "a" });
  const undone = await identifyWorkTree(repo.root, own);
  expect(clean).toMatchObject({ isDirty: false, tree: repo.git("rev-parse", "HEAD^{tree}").trim() });
  expect(changed).toMatchObject({ isDirty: true });
  expect(changed?.tree).not.toBe(clean?.tree);
  expect(undone).toEqual(clean);
});

test("finds objects of a repository whose path has a colon and a quote in it, and those that it borrows", async () => {
  const library = repository({ "a.txt": "a" });
  const root = path.join(temporaryDirectory(), 'co:lon "quoted"');
  library.git("clone", "-q", "--shared", library.root, root);
  const repo = new Repository(root);
  repo.write({ "b.txt": "b" });
  const identity = await identifyWorkTree(root, []);
  expect(identity?.tree).toBe((await takeSnapshot(root, { id: "unit-1" })).tree);
});

test("without a commit it has a tree all the same; with no branch checked out it names none", async () => {
  const fresh = repository();
  expect(await identifyWorkTree(fresh.root, [])).toEqual({
    tree: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    branch: "main",
    isDirty: true,
  });
  const repo = repository({ "a.txt": "a" });
  repo.git("checkout", "-q", "--detach");
  expect(await identifyWorkTree(repo.root, [])).not.toHaveProperty("branch");
});

test("is undefined without a repository, without git, and where the repository is damaged", async () => {
  const directory = temporaryDirectory();
  vi.stubEnv("GIT_CEILING_DIRECTORIES", path.dirname(directory));
  expect(await identifyWorkTree(directory, [])).toBeUndefined();
  const repo = repository({ "a.txt": "a" });
  renameSync(path.join(repo.root, ".git/objects"), path.join(repo.root, ".git/moved"));
  mkdirSync(path.join(repo.root, ".git/objects"));
  rmSync(path.join(repo.root, ".git/index"));
  expect(await identifyWorkTree(repo.root, [])).toBeUndefined();
  vi.stubEnv("PATH", directory);
  expect(await identifyWorkTree(repo.root, [])).toBeUndefined();
  vi.unstubAllEnvs();
});
