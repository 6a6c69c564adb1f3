import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { DirectoryLock } from "../../src/ledger/directory-lock.ts";
import { identifyProcess, ownProcess, type ProcessIdentity } from "../../src/process-identity.ts";

function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "apex-lock-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function goneProcess(): Promise<ProcessIdentity> {
  const child = spawn("sleep", ["60"]);
  const identity = identifyProcess(child.pid!);
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  return identity;
}

function lockedBy(directory: string, name: string, token: string, process: ProcessIdentity): void {
  writeFileSync(path.join(directory, name), JSON.stringify({ token, process }));
}

describe("the lock of a directory", () => {
  it("is held while the work is done, and leaves nothing", () => {
    const directory = temporaryDirectory();
    const lock = new DirectoryLock(directory);
    const inner = lock.with((isHeld) => [isHeld(), new DirectoryLock(directory, { waitMs: 5 }).with(() => 1)]);
    expect(inner).toEqual({ result: [true, undefined] });
    expect(readdirSync(directory)).toEqual([]);
  });

  it("is let go of when the work throws", () => {
    const lock = new DirectoryLock(temporaryDirectory());
    expect(() =>
      lock.with(() => {
        throw new Error("broken");
      }),
    ).toThrow("broken");
    expect(lock.with(() => 1)).toEqual({ result: 1 });
  });

  it("is taken over from a process that is gone, and from one that died while taking it over", async () => {
    const directory = temporaryDirectory();
    lockedBy(directory, "lock", "dead", await goneProcess());
    expect(new DirectoryLock(directory).with(() => 1)).toEqual({ result: 1 });
    lockedBy(directory, "lock", "dead", await goneProcess());
    lockedBy(directory, "over-dead", "dead too", await goneProcess());
    expect(new DirectoryLock(directory).with(() => 2)).toEqual({ result: 2 });
    expect(readdirSync(directory)).toEqual([]);
  });

  it("is not waited for for ever", () => {
    const directory = temporaryDirectory();
    lockedBy(directory, "lock", "alive", ownProcess());
    const from = performance.now();
    expect(new DirectoryLock(directory, { waitMs: 30 }).with(() => 1)).toBeUndefined();
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(readdirSync(directory)).toEqual(["lock"]);
  });

  it("tells its holder when it has been taken from it", () => {
    const directory = temporaryDirectory();
    const told = new DirectoryLock(directory).with((isHeld) => {
      rmSync(path.join(directory, "lock"));
      lockedBy(directory, "lock", "another", ownProcess());
      return isHeld();
    });
    expect(told).toEqual({ result: false });
    expect(readdirSync(directory)).toEqual(["lock"]);
  });
});
