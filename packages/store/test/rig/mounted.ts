import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./temporary-store.ts";

/** Why file systems cannot be mounted here; undefined where they can. */
export function mountProblem(): string | undefined {
  if (process.platform !== "linux") return `no tmpfs on ${process.platform}`;
  if (process.getuid?.() !== 0) return "mounting takes root";
  try {
    const directory = mounted("tmpfs", "size=64k");
    return directory === undefined ? "this machine lets nobody mount" : undefined;
  } catch (error) {
    return String(error);
  }
}

/** A small disk of its own, gone when the test has finished. */
export function smallDisk(bytes: number): string {
  const directory = mounted("tmpfs", `size=${bytes}`);
  if (directory === undefined) throw new Error("mount failed");
  return directory;
}

/** A directory that nobody may write to, root included, with what another one holds. */
export function readOnlyView(of: string): string {
  const directory = path.join(temporaryDirectory(), "read-only");
  mkdirSync(directory);
  if (!mount(["--bind", of, directory]) || !mount(["-o", "remount,bind,ro", directory]))
    throw new Error("mount failed");
  onTestFinished(() => void spawnSync("umount", ["--lazy", directory]));
  return directory;
}

function mounted(type: string, options: string): string | undefined {
  const directory = path.join(temporaryDirectory(), "disk");
  mkdirSync(directory);
  if (!mount(["-t", type, "-o", options, "apex-test", directory])) return undefined;
  onTestFinished(() => void spawnSync("umount", ["--lazy", directory]));
  return directory;
}

function mount(args: readonly string[]): boolean {
  return spawnSync("mount", args).status === 0;
}
