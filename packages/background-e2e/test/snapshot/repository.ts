import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";

/** A git repository for one test. */
export class Repository {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Runs git in it, as a person would who has no name configured for this machine. */
  git(...args: string[]): string {
    const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "protocol.file.allow=always"];
    return execFileSync("git", [...who, ...args], { cwd: this.root, encoding: "utf8", stdio: "pipe" });
  }

  write(files: Record<string, string>): void {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.root, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }

  commit(files: Record<string, string>): string {
    this.write(files);
    this.git("add", "-A");
    this.git("commit", "-q", "-m", "a step");
    return this.git("rev-parse", "HEAD").trim();
  }

  /** The content of a file in a commit. */
  show(commit: string, file: string): string {
    return this.git("show", `${commit}:${file}`);
  }

  /** Names of all files in a commit. */
  files(commit: string): string[] {
    return this.git("ls-tree", "-r", "-z", "--name-only", commit).split("\0").filter(Boolean);
  }

  /** A number for all that must not be touched: index, references, reflogs, stash, hooks' traces, what git says of the work tree. */
  fingerprint(): string {
    const hash = createHash("sha256");
    const git = path.join(this.root, ".git");
    const kept = globSync(
      ["HEAD", "index", "ORIG_HEAD", "config", "packed-refs", "logs/**", "refs/**", "worktrees/**"],
      {
        cwd: git,
        withFileTypes: true,
      },
    );
    for (const entry of kept.toSorted((left, right) =>
      left.parentPath + left.name < right.parentPath + right.name ? -1 : 1,
    )) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      if (file.includes(`${path.sep}refs${path.sep}apex`)) continue;
      hash.update(file).update(readFileSync(file));
    }
    hash.update(execFileSync("git", ["--no-optional-locks", "status", "--porcelain"], { cwd: this.root }));
    return hash.digest("hex");
  }

  /** How many objects lie in its database, packed or not. */
  objects(): string {
    return this.git("count-objects", "-v");
  }
}

/** A new repository with these files in its first commit; none without files. */
export function repository(files: Record<string, string> = {}): Repository {
  const made = new Repository(temporaryDirectory());
  made.git("init", "-q", "-b", "main");
  if (Object.keys(files).length > 0) made.commit(files);
  return made;
}
