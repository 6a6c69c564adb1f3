import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { checkOutSnapshot } from "../../src/snapshot/check-out-snapshot.ts";
import {
  listSnapshots,
  removeAbandonedSnapshots,
  removeCheckOut,
  removeSnapshot,
} from "../../src/snapshot/remove-snapshot.ts";
import { takeSnapshot } from "../../src/snapshot/take-snapshot.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type Repository, repository } from "./repository.ts";

const home = (repo: Repository): string => path.join(repo.root, ".apex/snapshots");

async function checkedOut(repo: Repository, id: string): Promise<string> {
  const ref = await takeSnapshot(repo.root, { id, own: [path.join(repo.root, ".apex")] });
  const directory = path.join(home(repo), id);
  await checkOutSnapshot(ref, { projectRoot: repo.root, directory });
  return directory;
}

const workTrees = (repo: Repository): string[] =>
  repo
    .git("worktree", "list", "--porcelain")
    .split("\n")
    .filter((line) => line.startsWith("worktree "))
    .map((line) => line.slice("worktree ".length));

test("removes directory, work tree and ref, and nothing that links in it lead to", async () => {
  const repo = repository({ "a.txt": "a", ".gitignore": "node_modules\n.venv\n.apex\n" });
  repo.write({ "node_modules/lib/index.js": "lib", ".venv/bin/python": "python" });
  const before = repo.fingerprint();
  const directory = await checkedOut(repo, "unit-1");
  await removeSnapshot("unit-1", { projectRoot: repo.root, directory });
  expect(existsSync(directory)).toBe(false);
  expect(workTrees(repo)).toEqual([repo.root]);
  expect(repo.git("for-each-ref", "refs/apex")).toBe("");
  expect(readdirSync(path.join(repo.root, "node_modules/lib"))).toEqual(["index.js"]);
  expect(existsSync(path.join(repo.root, ".venv/bin/python"))).toBe(true);
  expect(repo.fingerprint()).toBe(before);
  await removeSnapshot("unit-1", { projectRoot: repo.root, directory });
});

test("copes with a directory that was deleted by hand, and with one whose .git was", async () => {
  const repo = repository({ "a.txt": "a", ".gitignore": ".apex\n" });
  const first = await checkedOut(repo, "unit-1");
  const second = await checkedOut(repo, "unit-2");
  rmSync(first, { recursive: true });
  rmSync(path.join(second, ".git"));
  await removeSnapshot("unit-1", { projectRoot: repo.root, directory: first });
  await removeSnapshot("unit-2", { projectRoot: repo.root, directory: second });
  expect(readdirSync(home(repo))).toEqual([]);
  expect(workTrees(repo)).toEqual([repo.root]);
});

test("refuses to remove what is no snapshot: any directory, the work tree itself, somebody's own second one", async () => {
  const repo = repository({ "a.txt": "a" });
  const other = temporaryDirectory();
  mkdirSync(path.join(other, "precious"));
  const removed = removeSnapshot("unit-1", { projectRoot: repo.root, directory: other });
  await expect(removed).rejects.toMatchObject({ code: "APEX_SNAPSHOT_PLACE_TAKEN" });
  await expect(removeCheckOut(repo.root, repo.root)).rejects.toMatchObject({ code: "APEX_SNAPSHOT_PLACE_TAKEN" });
  const linked = path.join(home(repo), "unit-1");
  repo.git("worktree", "add", "-q", "--detach", linked);
  await expect(removeCheckOut(linked, repo.root)).rejects.toMatchObject({ code: "APEX_SNAPSHOT_PLACE_TAKEN" });
  expect(await removeAbandonedSnapshots(repo.root, { directory: home(repo), keep: new Set() })).toEqual([]);
  expect(existsSync(path.join(linked, "a.txt"))).toBe(true);
  expect(existsSync(path.join(other, "precious"))).toBe(true);
  expect(existsSync(path.join(repo.root, "a.txt"))).toBe(true);
});

test("of the abandoned ones of a project, keeps what is asked for, other projects' and people's own work trees", async () => {
  const repo = repository({ "a.txt": "a", "apps/web/b.txt": "b", ".gitignore": ".apex\n" });
  const own = path.join(temporaryDirectory(), "own");
  repo.git("worktree", "add", "-q", "--lock", own);
  const lost = path.join(temporaryDirectory(), "on an unmounted disk");
  repo.git("worktree", "add", "-q", "--detach", lost);
  rmSync(lost, { recursive: true });
  const kept = await checkedOut(repo, "unit-1");
  const abandoned = await checkedOut(repo, "unit-2");
  const byHand = await checkedOut(repo, "unit-3");
  rmSync(byHand, { recursive: true });
  await takeSnapshot(path.join(repo.root, "apps/web"), { id: "web-1" });
  await takeSnapshot(repo.root, { id: "unit-4" });
  mkdirSync(path.join(home(repo), "unit-5/half"), { recursive: true });
  const options = { directory: home(repo), keep: new Set(["unit-1"]) };
  expect(await removeAbandonedSnapshots(repo.root, options)).toEqual(["unit-2", "unit-3", "unit-4", "unit-5"]);
  expect(existsSync(abandoned)).toBe(false);
  expect(new Set(workTrees(repo))).toEqual(new Set([repo.root, own, lost, kept]));
  expect((await listSnapshots(repo.root)).map(({ id }) => id)).toEqual(["unit-1"]);
  expect((await listSnapshots(path.join(repo.root, "apps/web"))).map(({ id }) => id)).toEqual(["web-1"]);
  expect(await removeAbandonedSnapshots(repo.root, options)).toEqual([]);
});

test("finds its directory behind a symbolic link", async () => {
  const repo = repository({ "a.txt": "a", ".gitignore": ".apex\n" });
  symlinkSync(temporaryDirectory(), path.join(repo.root, ".apex"));
  await checkedOut(repo, "unit-1");
  expect(await removeAbandonedSnapshots(repo.root, { directory: home(repo), keep: new Set() })).toEqual(["unit-1"]);
  expect(workTrees(repo)).toEqual([repo.root]);
});

test("cleans up after a process that was killed at any moment of its work", { timeout: 60_000 }, async () => {
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`src/${index}.txt`, `${index}`]));
  const repo = repository({ ...files, ".gitignore": ".apex\nnode_modules\n" });
  repo.write({ "src/1.txt": "changed", "node_modules/lib/index.js": "lib" });
  const before = repo.fingerprint();
  const program = path.join(import.meta.dirname, "fixtures/take-and-check-out.ts");
  let wasInTheMiddle = 0;
  for (let round = 0; round < 8; round += 1) {
    const args = ["--conditions=@netra-apex/source", "--no-warnings", program, repo.root, home(repo), `unit-${round}`];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
    const ended = once(child, "close");
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, round * 40));
    if (child.exitCode === null) {
      process.kill(-child.pid!, "SIGKILL");
      wasInTheMiddle += 1;
    }
    await ended;
    // A lock that git held when it was killed is git's to complain about; ours are only in what is removed.
    await removeAbandonedSnapshots(repo.root, { directory: home(repo), keep: new Set() });
    expect(workTrees(repo)).toEqual([repo.root]);
    expect(repo.git("for-each-ref", "refs/apex")).toBe("");
    expect(existsSync(home(repo)) ? readdirSync(home(repo)) : []).toEqual([]);
    expect(repo.fingerprint()).toBe(before);
  }
  expect(wasInTheMiddle).toBeGreaterThan(2);
});
