import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { checkOutSnapshot } from "../../src/snapshot/check-out-snapshot.ts";
import { takeSnapshot } from "../../src/snapshot/take-snapshot.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type Repository, repository } from "./repository.ts";

/** Takes a snapshot, has the work tree go on, and then puts the snapshot on disk. */
async function frozen(repo: Repository, goOn: Record<string, string> = {}, projectRoot = repo.root) {
  const own = [path.join(projectRoot, ".apex")];
  const ref = await takeSnapshot(projectRoot, { id: "unit-1", own });
  repo.write(goOn);
  const directory = path.join(projectRoot, ".apex/snapshots/unit-1");
  const snapshot = await checkOutSnapshot(ref, { projectRoot, directory });
  return { ...snapshot, ref, directory };
}

const read = (...parts: string[]): string => readFileSync(path.join(...parts), "utf8");
const run = (file: string, cwd: string): string => execFileSync(process.execPath, [file], { cwd, encoding: "utf8" });

describe("what is on disk", () => {
  test("is what was queued, whatever happened to the work tree since", async () => {
    const repo = repository({ "a.txt": "a", "run.sh": "#!/bin/sh\n", ".gitignore": ".apex\n" });
    chmodSync(path.join(repo.root, "run.sh"), 0o755);
    symlinkSync("a.txt", path.join(repo.root, "link"));
    repo.write({ "a.txt": "queued", "line\nend": "hostile" });
    const { projectRoot } = await frozen(repo, { "a.txt": "edited later", "later.txt": "later" });
    expect(read(projectRoot, "a.txt")).toBe("queued");
    expect(read(projectRoot, "line\nend")).toBe("hostile");
    expect(readlinkSync(path.join(projectRoot, "link"))).toBe("a.txt");
    expect(statSync(path.join(projectRoot, "run.sh")).mode & 0o111).toBe(0o111);
    expect(existsSync(path.join(projectRoot, "later.txt"))).toBe(false);
    expect(read(repo.root, "a.txt")).toBe("edited later");
  });

  test("leaves branches, HEAD, index and reflogs of the repository as they were", async () => {
    const repo = repository({ "a.txt": "a", ".gitignore": ".apex\n" });
    repo.write({ "a.txt": "queued" });
    const state = (): string[] =>
      [["for-each-ref", "refs/heads"], ["reflog"], ["status"], ["branch"]].map((args) => repo.git(...args));
    const before = state();
    const index = readFileSync(path.join(repo.root, ".git/index"));
    const { projectRoot } = await frozen(repo);
    expect(state()).toEqual(before);
    expect(readFileSync(path.join(repo.root, ".git/index"))).toEqual(index);
    expect(execFileSync("git", ["branch", "--show-current"], { cwd: projectRoot, encoding: "utf8" })).toBe("");
  });

  test("has the project's root in it, for a project in a subdirectory", async () => {
    const repo = repository({ "lib/a.txt": "a", "apps/web/b.txt": "b", ".gitignore": ".apex\n" });
    const { projectRoot, directory } = await frozen(repo, {}, path.join(repo.root, "apps/web"));
    expect(projectRoot).toBe(path.join(directory, "apps/web"));
    expect(read(projectRoot, "b.txt")).toBe("b");
    expect(read(projectRoot, "../../lib/a.txt")).toBe("a");
  });

  test("works in a repository without a commit", async () => {
    const repo = repository();
    repo.write({ "a.txt": "first" });
    expect(read((await frozen(repo)).projectRoot, "a.txt")).toBe("first");
  });

  test("has the line ends that git would give it", async () => {
    const repo = repository();
    repo.git("config", "core.autocrlf", "true");
    repo.commit({ "a.txt": "one\r\n" });
    repo.write({ "a.txt": "one\r\ntwo\r\n" });
    expect(read((await frozen(repo)).projectRoot, "a.txt")).toBe("one\r\ntwo\r\n");
  });

  test("is as sparse as the work tree, but for what was new or changed outside", async () => {
    const repo = repository({ "in/a.txt": "a", "out/b.txt": "b", "out/c.txt": "c" });
    repo.git("sparse-checkout", "set", "in");
    repo.write({ "out/new.txt": "new", "out/c.txt": "changed" });
    const { projectRoot } = await frozen(repo);
    expect(read(projectRoot, "in/a.txt")).toBe("a");
    expect(read(projectRoot, "out/new.txt")).toBe("new");
    expect(read(projectRoot, "out/c.txt")).toBe("changed");
    expect(existsSync(path.join(projectRoot, "out/b.txt"))).toBe(false);
  });

  test("runs no hook", async () => {
    const repo = repository({ "a.txt": "a", ".gitignore": ".apex\n" });
    repo.write({ ".git/hooks/post-checkout": `#!/bin/sh\ntouch ${repo.root}/ran\n` });
    chmodSync(path.join(repo.root, ".git/hooks/post-checkout"), 0o755);
    await frozen(repo);
    expect(existsSync(path.join(repo.root, "ran"))).toBe(false);
  });

  test("leads to the real submodule, and says that it is not frozen", async () => {
    const library = repository({ "lib.txt": "1" });
    const repo = repository({ "a.txt": "a", ".gitignore": ".apex\n" });
    repo.git("submodule", "--quiet", "add", library.root, "deep/sub");
    repo.git("commit", "-q", "-m", "with a submodule");
    const { projectRoot, notFrozen } = await frozen(repo, { "deep/sub/lib.txt": "edited later" });
    expect(notFrozen).toEqual(["deep/sub"]);
    expect(read(projectRoot, "deep/sub/lib.txt")).toBe("edited later");
  });
});

describe("dependencies", () => {
  test("of a pnpm-like workspace: packages of the project are the snapshot's, installed ones the real ones", async () => {
    const repo = repository({
      ".gitignore": "node_modules\n.apex\n",
      "package.json": '{ "type": "module" }',
      "packages/core/package.json": '{ "name": "@me/core", "type": "module", "exports": "./index.js" }',
      "packages/core/index.js": 'export { version } from "dep";\nexport const from = "queued";\n',
      "apps/web/package.json": '{ "name": "web", "type": "module" }',
      "apps/web/main.js":
        'import { from, version } from "@me/core";\nconsole.log(from, version, import.meta.resolve("dep"));\n',
    });
    repo.write({
      "node_modules/.pnpm/dep@1.0.0/node_modules/dep/package.json": '{ "type": "module", "exports": "./index.js" }',
      "node_modules/.pnpm/dep@1.0.0/node_modules/dep/index.js": "export const version = 1;\n",
      "node_modules/.modules.yaml": "layoutVersion: 5\n",
    });
    const link = (target: string, place: string): void => {
      mkdirSync(path.dirname(path.join(repo.root, place)), { recursive: true });
      symlinkSync(target, path.join(repo.root, place));
    };
    link("../../../node_modules/.pnpm/dep@1.0.0/node_modules/dep", "packages/core/node_modules/dep");
    link("../../../node_modules/.pnpm/dep@1.0.0/node_modules/dep", "apps/web/node_modules/dep");
    link("../../../../packages/core", "apps/web/node_modules/@me/core");
    const { projectRoot } = await frozen(repo, { "packages/core/index.js": 'throw new Error("edited later");\n' });
    const installed = path.join(repo.root, "node_modules/.pnpm/dep@1.0.0/node_modules/dep/index.js");
    expect(run("main.js", path.join(projectRoot, "apps/web"))).toBe(`queued 1 file://${installed}\n`);
    expect(lstatSync(path.join(projectRoot, "apps/web/node_modules/@me")).isSymbolicLink()).toBe(false);
    expect(readlinkSync(path.join(projectRoot, "node_modules/.pnpm"))).toBe(path.join(repo.root, "node_modules/.pnpm"));
  });

  test("of an npm-like workspace: one node_modules, with links to packages, scopes and programs", async () => {
    const repo = repository({
      ".gitignore": "node_modules\n.apex\n",
      "package.json": '{ "type": "module", "workspaces": ["packages/*"] }',
      "packages/core/package.json":
        '{ "name": "@me/core", "type": "module", "exports": "./index.js", "bin": "cli.js" }',
      "packages/core/index.js": 'export const from = "queued";\n',
      "packages/core/cli.js": "#!/usr/bin/env node\nconsole.log('queued program');\n",
      "packages/web/main.js":
        'import { from } from "@me/core";\nimport { from as lib } from "lib";\nconsole.log(from, lib);\n',
    });
    chmodSync(path.join(repo.root, "packages/core/cli.js"), 0o755);
    repo.write({
      "node_modules/lib/package.json": '{ "type": "module", "exports": "./index.js" }',
      "node_modules/lib/index.js": 'export const from = "installed";\n',
      "node_modules/lib/cli.js": "#!/usr/bin/env node\nconsole.log('installed program');\n",
      "node_modules/.cache/tool/state": "of the work tree",
      "node_modules/@scope/other/index.js": "",
    });
    chmodSync(path.join(repo.root, "node_modules/lib/cli.js"), 0o755);
    for (const folder of ["@me", ".bin"]) mkdirSync(path.join(repo.root, "node_modules", folder));
    symlinkSync("../../packages/core", path.join(repo.root, "node_modules/@me/core"));
    symlinkSync("../@me/core/cli.js", path.join(repo.root, "node_modules/.bin/core"));
    symlinkSync("../lib/cli.js", path.join(repo.root, "node_modules/.bin/lib"));
    symlinkSync("../gone", path.join(repo.root, "node_modules/broken"));
    const { projectRoot } = await frozen(repo, {
      "packages/core/index.js": 'throw new Error("edited later");\n',
      "packages/core/cli.js": "process.exit(1);\n",
    });
    expect(run("main.js", path.join(projectRoot, "packages/web"))).toBe("queued installed\n");
    const program = (name: string): string =>
      execFileSync(path.join(projectRoot, "node_modules/.bin", name), { encoding: "utf8" });
    expect(program("core")).toBe("queued program\n");
    expect(program("lib")).toBe("installed program\n");
    expect(existsSync(path.join(projectRoot, "node_modules/@scope/other/index.js"))).toBe(true);
    expect(existsSync(path.join(projectRoot, "node_modules/.cache"))).toBe(false);
  });

  test("of other tools are links to the whole directory; only what git ignores, and only names that were asked for", async () => {
    const repo = repository({
      ".gitignore": ".venv/\n/build/\n.apex\n",
      "vendor/tracked.go": "package vendored",
      "tools/x.py": "",
    });
    repo.write({ ".venv/bin/python": "real", "tools/.venv/bin/python": "real", "build/out": "built" });
    const { projectRoot } = await frozen(repo, { "vendor/tracked.go": "edited later" });
    expect(readlinkSync(path.join(projectRoot, ".venv"))).toBe(path.join(repo.root, ".venv"));
    expect(read(projectRoot, "tools/.venv/bin/python")).toBe("real");
    expect(read(projectRoot, "vendor/tracked.go")).toBe("package vendored");
    expect(existsSync(path.join(projectRoot, "build"))).toBe(false);
    const ref = await takeSnapshot(repo.root, { id: "unit-2" });
    const directory = path.join(temporaryDirectory(), "elsewhere");
    await checkOutSnapshot(ref, { projectRoot: repo.root, directory, link: ["build"] });
    expect(read(directory, "build/out")).toBe("built");
    expect(existsSync(path.join(directory, ".venv"))).toBe(false);
  });

  test("where something in node_modules is tracked, that is the snapshot's", async () => {
    const repo = repository({ ".gitignore": "node_modules\n.apex\n" });
    repo.write({ "node_modules/patched/index.js": "queued", "node_modules/lib/index.js": "lib" });
    repo.git("add", "-f", "node_modules/patched");
    repo.git("commit", "-q", "-m", "patched");
    const { projectRoot } = await frozen(repo, { "node_modules/patched/index.js": "edited later" });
    expect(read(projectRoot, "node_modules/patched/index.js")).toBe("queued");
    expect(read(projectRoot, "node_modules/lib/index.js")).toBe("lib");
  });

  test("a second snapshot does not take the first one's for its own", async () => {
    const repo = repository({ "a.txt": "a", ".gitignore": "node_modules\n" });
    repo.write({ "node_modules/lib/index.js": "lib" });
    await frozen(repo);
    const ref = await takeSnapshot(repo.root, { id: "unit-2", own: [path.join(repo.root, ".apex")] });
    const directory = path.join(repo.root, ".apex/snapshots/unit-2");
    await checkOutSnapshot(ref, { projectRoot: repo.root, directory });
    expect(existsSync(path.join(directory, ".apex"))).toBe(false);
    expect(read(directory, "node_modules/lib/index.js")).toBe("lib");
  });
});

describe("where it cannot be", () => {
  test("in a directory that holds something, nothing happens", async () => {
    const repo = repository({ "a.txt": "a" });
    const ref = await takeSnapshot(repo.root, { id: "unit-1" });
    const directory = temporaryDirectory();
    mkdirSync(path.join(directory, "something"));
    await expect(checkOutSnapshot(ref, { projectRoot: repo.root, directory })).rejects.toMatchObject({
      code: "APEX_SNAPSHOT_PLACE_TAKEN",
    });
    expect(repo.git("worktree", "list").trim().split("\n")).toHaveLength(1);
  });

  test("of a snapshot that is gone, it says so", async () => {
    const repo = repository({ "a.txt": "a" });
    const ref = { commit: "0123456789012345678901234567890123456789", id: "gone", tree: "", isDirty: false };
    const directory = path.join(temporaryDirectory(), "x");
    await expect(checkOutSnapshot(ref, { projectRoot: repo.root, directory })).rejects.toMatchObject({
      code: "APEX_SNAPSHOT_GONE",
      hint: "queue the task again",
    });
  });

  test("when it fails in the middle, nothing is left behind", async () => {
    const repo = repository({ "a.txt": "a" });
    repo.git("config", "filter.broken.smudge", "false");
    repo.git("config", "filter.broken.required", "true");
    repo.git("config", "filter.broken.clean", "cat");
    repo.commit({ ".gitattributes": "*.bin filter=broken\n", "x.bin": "x" });
    const ref = await takeSnapshot(repo.root, { id: "unit-1" });
    const directory = path.join(temporaryDirectory(), "x");
    await expect(checkOutSnapshot(ref, { projectRoot: repo.root, directory })).rejects.toMatchObject({
      code: "APEX_SNAPSHOT_FAILED",
      message: expect.stringContaining("smudge filter broken failed"),
    });
    expect(existsSync(directory)).toBe(false);
    expect(repo.git("worktree", "list").trim().split("\n")).toHaveLength(1);
  });

  test("where the last one was deleted by hand, it can be again", async () => {
    const repo = repository({ "a.txt": "a" });
    const { directory, ref } = await frozen(repo);
    rmSync(directory, { recursive: true });
    await checkOutSnapshot(ref, { projectRoot: repo.root, directory });
    expect(read(directory, "a.txt")).toBe("a");
  });
});
