import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test, vi } from "vitest";
import { takeSnapshot } from "../../src/snapshot/take-snapshot.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { Repository, repository } from "./repository.ts";

describe("what is in a snapshot", () => {
  test("everything as it is on disk: changed, staged and changed again, new, deleted; nothing that is ignored", async () => {
    const repo = repository({ "a.txt": "a", "b.txt": "b", "gone.txt": "x", ".gitignore": "out/\n" });
    repo.write({ "a.txt": "staged" });
    repo.git("add", "a.txt");
    repo.write({ "a.txt": "on disk", "new/file.txt": "new", "out/built.js": "ignored" });
    rmSync(path.join(repo.root, "gone.txt"));
    const before = repo.fingerprint();
    const snapshot = await takeSnapshot(repo.root, { id: "unit-1" });
    expect(repo.files(snapshot.commit)).toEqual([".gitignore", "a.txt", "b.txt", "new/file.txt"]);
    expect(repo.show(snapshot.commit, "a.txt")).toBe("on disk");
    expect(snapshot).toMatchObject({ base: repo.git("rev-parse", "HEAD").trim(), branch: "main", isDirty: true });
    expect(snapshot.tree).toBe(repo.git("rev-parse", `${snapshot.commit}^{tree}`).trim());
    expect(repo.fingerprint()).toBe(before);
  });

  test("of a clean work tree, the tree of its commit", async () => {
    const repo = repository({ "a.txt": "a" });
    const snapshot = await takeSnapshot(repo.root, { id: "unit-1" });
    expect(snapshot).toMatchObject({ isDirty: false, tree: repo.git("rev-parse", "HEAD^{tree}").trim() });
  });

  test("in a repository without a commit, all there is, and no base", async () => {
    const repo = repository();
    repo.write({ "a.txt": "first" });
    const snapshot = await takeSnapshot(repo.root, { id: "unit-1" });
    expect(repo.show(snapshot.commit, "a.txt")).toBe("first");
    expect(snapshot).toMatchObject({ branch: "main", isDirty: true });
    expect(snapshot).not.toHaveProperty("base");
    expect(() => repo.git("rev-parse", "--verify", "-q", "HEAD")).toThrow("Command failed");
  });

  test("of a project in a subdirectory, the whole work tree", async () => {
    const repo = repository({ "lib/a.txt": "a", "apps/web/b.txt": "b" });
    repo.write({ "lib/a.txt": "changed" });
    const snapshot = await takeSnapshot(path.join(repo.root, "apps/web"), { id: "unit-1" });
    expect(repo.show(snapshot.commit, "lib/a.txt")).toBe("changed");
  });

  test("in a second work tree of the repository, what that one has; the first one's changes are not in it", async () => {
    const repo = repository({ "a.txt": "a" });
    const second = new Repository(path.join(temporaryDirectory(), "second"));
    repo.git("worktree", "add", "-q", "-b", "feature", second.root);
    repo.write({ "a.txt": "of the first" });
    second.write({ "b.txt": "of the second" });
    const snapshot = await takeSnapshot(second.root, { id: "unit-1" });
    expect(snapshot.branch).toBe("feature");
    expect(repo.show(snapshot.commit, "a.txt")).toBe("a");
    expect(repo.show(snapshot.commit, "b.txt")).toBe("of the second");
  });

  test("not what apex writes itself, even where it was committed; that alone is no change, either", async () => {
    const repo = repository({ "a.txt": "a", ".apex/state.db": "1", "apexes.txt": "stays" });
    repo.write({ ".apex/state.db": "2", "logs/orchestration/x.log": "log" });
    const own = [path.join(repo.root, ".apex"), path.join(repo.root, "logs/orchestration"), "/somewhere/else"];
    const snapshot = await takeSnapshot(repo.root, { id: "unit-1", own });
    expect(repo.files(snapshot.commit)).toEqual(["a.txt", "apexes.txt"]);
    expect(snapshot.isDirty).toBe(false);
    expect(repo.git("ls-files")).toContain(".apex/state.db");
  });

  test("files with hostile names, executable bits and symbolic links", async () => {
    const repo = repository({ "a.txt": "a" });
    const names = ["line\nend", 'quo"te', "ta\tb", "ünï", "-dash", ":(top)magic", "back\\slash", "*"];
    for (const name of names) writeFileSync(path.join(repo.root, name), name);
    writeFileSync(Buffer.concat([Buffer.from(`${repo.root}/`), Buffer.from([0xff, 0xfe])]), "bytes");
    chmodSync(path.join(repo.root, "a.txt"), 0o755);
    symlinkSync("no/where", path.join(repo.root, "link"));
    const { commit } = await takeSnapshot(repo.root, { id: "unit-1" });
    expect(repo.files(commit)).toEqual(expect.arrayContaining(names));
    expect(repo.files(commit)).toHaveLength(names.length + 3);
    expect(repo.git("ls-tree", commit, "a.txt", "link")).toMatch(/^100755 .*\n120000 /);
    expect(repo.show(commit, "link")).toBe("no/where");
  });

  test("a file that became a directory, a directory that became a file or a link", async () => {
    const repo = repository({ one: "1", "two/x": "2", "three/x": "3", "else/x": "4" });
    for (const name of ["one", "two", "three"]) rmSync(path.join(repo.root, name), { recursive: true });
    repo.write({ "one/x": "now inside", two: "now a file" });
    symlinkSync("else", path.join(repo.root, "three"));
    const { commit } = await takeSnapshot(repo.root, { id: "unit-1" });
    expect(repo.files(commit)).toEqual(["else/x", "one/x", "three", "two"]);
  });

  test("of a merge with conflicts, the files as they lie there", async () => {
    const repo = repository({ "a.txt": "base\n" });
    repo.git("checkout", "-q", "-b", "other");
    repo.commit({ "a.txt": "theirs\n" });
    repo.git("checkout", "-q", "main");
    repo.commit({ "a.txt": "ours\n" });
    expect(() => repo.git("merge", "other")).toThrow("Command failed");
    const before = repo.fingerprint();
    const { commit } = await takeSnapshot(repo.root, { id: "unit-1" });
    expect(repo.show(commit, "a.txt")).toContain("<<<<<<<");
    expect(repo.fingerprint()).toBe(before);
  });

  test("changes that git was told not to look at, and changes that it could overlook", async () => {
    const repo = repository({ "assumed.txt": "aaaa", "skipped.txt": "aaaa", "racy.txt": "aaaa" });
    repo.git("update-index", "--assume-unchanged", "assumed.txt");
    repo.git("update-index", "--skip-worktree", "skipped.txt");
    repo.git("config", "core.checkStat", "minimal");
    repo.git("config", "core.trustctime", "false");
    // Written in the moment of the index, and once more: same size, same time.
    const moment = new Date("2026-01-01T12:00:00Z");
    const racy = path.join(repo.root, "racy.txt");
    utimesSync(racy, moment, moment);
    repo.git("add", "racy.txt");
    utimesSync(path.join(repo.root, ".git/index"), moment, moment);
    repo.write({ "assumed.txt": "bbbb", "skipped.txt": "bbbb", "racy.txt": "bbbb" });
    utimesSync(racy, moment, moment);
    const { commit } = await takeSnapshot(repo.root, { id: "unit-1" });
    for (const file of ["assumed.txt", "skipped.txt", "racy.txt"]) expect(repo.show(commit, file)).toBe("bbbb");
    expect(repo.git("ls-files", "-v")).toBe("h assumed.txt\nH racy.txt\nS skipped.txt\n");
  });

  test("with core.autocrlf, what git would commit", async () => {
    const repo = repository();
    repo.git("config", "core.autocrlf", "true");
    repo.git("config", "core.safecrlf", "true");
    repo.commit({ "a.txt": "one\r\ntwo\r\n" });
    repo.write({ "a.txt": "one\r\ntwo\r\nthree\r\n", "new.txt": "lf\nonly\n" });
    const { commit } = await takeSnapshot(repo.root, { id: "unit-1" });
    expect(repo.show(commit, "a.txt")).toBe("one\ntwo\nthree\n");
    expect(repo.show(commit, "new.txt")).toBe("lf\nonly\n");
  });

  test("of a sparse work tree, what is not on disk as it was committed, and new files outside of it", async () => {
    const repo = repository({ "in/a.txt": "a", "out/b.txt": "b" });
    repo.git("sparse-checkout", "set", "in");
    expect(existsSync(path.join(repo.root, "out/b.txt"))).toBe(false);
    repo.write({ "in/a.txt": "changed", "out/new.txt": "new" });
    const { commit } = await takeSnapshot(repo.root, { id: "unit-1" });
    expect(repo.files(commit)).toEqual(["in/a.txt", "out/b.txt", "out/new.txt"]);
    expect(repo.show(commit, "in/a.txt")).toBe("changed");
  });

  test("of submodules and inner repositories their commits; an inner one without a commit is left out", async () => {
    const library = repository({ "lib.txt": "1" });
    const repo = repository({ "a.txt": "a" });
    repo.git("submodule", "--quiet", "add", library.root, "sub");
    repo.git("commit", "-q", "-m", "with a submodule");
    const inner = new Repository(path.join(repo.root, "inner"));
    for (const name of ["inner", "empty"]) {
      mkdirSync(path.join(repo.root, name));
      new Repository(path.join(repo.root, name)).git("init", "-q");
    }
    const innerCommit = inner.commit({ "x.txt": "x" });
    const sub = new Repository(path.join(repo.root, "sub"));
    const moved = sub.commit({ "lib.txt": "2" });
    const { commit } = await takeSnapshot(repo.root, { id: "unit-1" });
    expect(repo.git("ls-tree", commit, "sub", "inner")).toBe(
      `160000 commit ${innerCommit}\tinner\n160000 commit ${moved}\tsub\n`,
    );
    expect(repo.files(commit)).not.toContain("empty");
  });

  test("a change inside a submodule makes it dirty", async () => {
    const library = repository({ "lib.txt": "1" });
    const repo = repository({ "a.txt": "a" });
    repo.git("submodule", "--quiet", "add", library.root, "sub");
    repo.git("commit", "-q", "-m", "with a submodule");
    expect(await takeSnapshot(repo.root, { id: "unit-1" })).toMatchObject({ isDirty: false });
    repo.write({ "sub/lib.txt": "changed" });
    expect(await takeSnapshot(repo.root, { id: "unit-2" })).toMatchObject({ isDirty: true });
  });
});

describe("what a snapshot leaves alone", () => {
  test("hooks do not run, nothing is signed, no name need be configured, nobody's lock on the index is in its way", async () => {
    const repo = repository({ "a.txt": "a" });
    const trace = path.join(repo.root, ".git/trace");
    const hooks = ["pre-commit", "post-commit", "post-checkout", "post-index-change", "reference-transaction"];
    for (const name of hooks) {
      const file = path.join(repo.root, ".git/hooks", name);
      writeFileSync(file, `#!/bin/sh\necho ${name} >> "${trace}"\n`, { mode: 0o755 });
    }
    repo.git("config", "commit.gpgSign", "true");
    repo.git("config", "gpg.program", "/bin/false");
    repo.git("config", "core.logAllRefUpdates", "always");
    repo.git("config", "user.useConfigOnly", "true");
    repo.write({ "a.txt": "changed", ".git/index.lock": "" });
    const before = repo.fingerprint();
    await takeSnapshot(repo.root, { id: "unit-1" });
    expect(existsSync(trace)).toBe(false);
    expect(existsSync(path.join(repo.root, ".git/index.lock"))).toBe(true);
    expect(repo.fingerprint()).toBe(before);
  });

  test("the variables that git gives to a hook do not lead it elsewhere", async () => {
    const other = repository({ "other.txt": "other" });
    const repo = repository({ "a.txt": "a" });
    vi.stubEnv("GIT_DIR", path.join(other.root, ".git"));
    vi.stubEnv("GIT_WORK_TREE", other.root);
    vi.stubEnv("GIT_INDEX_FILE", path.join(other.root, ".git/index"));
    vi.stubEnv("GIT_OBJECT_DIRECTORY", path.join(other.root, ".git/objects"));
    vi.stubEnv("GIT_LITERAL_PATHSPECS", "1");
    const { commit } = await takeSnapshot(repo.root, { id: "unit-1" });
    vi.unstubAllEnvs();
    expect(repo.files(commit)).toEqual(["a.txt"]);
    expect(() => other.git("cat-file", "-e", commit)).toThrow("Command failed");
  });

  test("git's collector does not take it, as long as its ref is there", async () => {
    const repo = repository({ "a.txt": "a" });
    repo.write({ "a.txt": "kept" });
    const { commit } = await takeSnapshot(repo.root, { id: "unit-1" });
    repo.git("gc", "-q", "--prune=now");
    expect(repo.show(commit, "a.txt")).toBe("kept");
  });

  test("a split index stays one", async () => {
    const repo = repository({ "a.txt": "a" });
    repo.git("update-index", "--split-index");
    repo.write({ "a.txt": "changed", "b.txt": "b" });
    const before = repo.git("rev-parse", "--shared-index-path");
    const { commit } = await takeSnapshot(repo.root, { id: "unit-1" });
    expect(repo.files(commit)).toEqual(["a.txt", "b.txt"]);
    expect(repo.git("rev-parse", "--shared-index-path")).toBe(before);
    expect(repo.git("ls-files")).toBe("a.txt\n");
  });
});

describe("where there can be none", () => {
  test("outside of a repository, it says so and what to do", async () => {
    const directory = temporaryDirectory();
    vi.stubEnv("GIT_CEILING_DIRECTORIES", path.dirname(directory));
    await expect(takeSnapshot(directory, { id: "unit-1" })).rejects.toMatchObject({
      code: "APEX_SNAPSHOT_NO_REPOSITORY",
      message: `${directory} is not in the work tree of a git repository`,
      hint: expect.stringContaining("git init"),
    });
    vi.unstubAllEnvs();
  });

  test("in a bare repository, the same", async () => {
    const directory = temporaryDirectory();
    execFileSync("git", ["init", "-q", "--bare", directory]);
    await expect(takeSnapshot(directory, { id: "unit-1" })).rejects.toMatchObject({
      code: "APEX_SNAPSHOT_NO_REPOSITORY",
    });
  });

  test("without git, it says that", async () => {
    const repo = repository({ "a.txt": "a" });
    vi.stubEnv("PATH", temporaryDirectory());
    const taken = takeSnapshot(repo.root, { id: "unit-1" });
    await expect(taken).rejects.toMatchObject({ code: "APEX_SNAPSHOT_NO_GIT", message: "there is no git on the PATH" });
    vi.unstubAllEnvs();
  });

  test("where git fails, with git's own words", async () => {
    const repo = repository({ "a.txt": "a" });
    repo.git("config", "filter.broken.clean", "false");
    repo.git("config", "filter.broken.required", "true");
    repo.write({ ".gitattributes": "*.bin filter=broken\n", "x.bin": "x" });
    await expect(takeSnapshot(repo.root, { id: "unit-1" })).rejects.toMatchObject({
      code: "APEX_SNAPSHOT_FAILED",
      message: expect.stringContaining("clean filter 'broken' failed"),
    });
    expect(repo.git("for-each-ref", "refs/apex")).toBe("");
  });

  test.each(["", "../x", "a..b", "a/b", "x.lock", "-a", "a b"])("%j is no id", async (id) => {
    await expect(takeSnapshot(temporaryDirectory(), { id })).rejects.toThrow(RangeError);
  });
});
