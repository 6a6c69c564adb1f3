import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { hostDirectory } from "@netra-apex/core";

/*
 * Whoever may read the files of a user may follow the user's runs: the token of a hub is in a file that nobody else can read, so that
 * it is neither in an argument list nor on a screen.
 */

/** What a program of the same user needs to reach a hub of this machine. */
export interface HubFile {
  /** Without a path. */
  readonly url: string;
  readonly token: string;
  /** Of the program that has the hub. */
  readonly pid: number;
}

/** Writes down how the hub at a port is reached. Returns the file's path. */
export function writeHubFile(port: number, content: HubFile): string {
  const file = hubFileOf(port);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  // One that was there keeps the rights that it has.
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: "wx" });
  return file;
}

/** Takes the file away again, unless another program has written its own meanwhile. */
export function removeHubFile(port: number, pid: number): void {
  if (readHubFile(port)?.pid === pid) rmSync(hubFileOf(port), { force: true });
}

/** How the hub at a port of this machine is reached; undefined where nobody of this user has written that down. */
export function readHubFile(port: number): HubFile | undefined {
  try {
    const { url, token, pid } = JSON.parse(readFileSync(hubFileOf(port), "utf8")) as Partial<HubFile>;
    return typeof url === "string" && typeof token === "string" && typeof pid === "number"
      ? { url, token, pid }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The hubs of this user on this machine whose programs are still there. */
export function openHubFiles(): readonly HubFile[] {
  let names: readonly string[];
  try {
    names = readdirSync(hostDirectory("hubs"));
  } catch {
    return [];
  }
  const files = names.map((name) => readHubFile(Number.parseInt(name, 10)));
  return files.filter((file) => file !== undefined).filter(({ pid }) => isThere(pid));
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function hubFileOf(port: number): string {
  return path.join(hostDirectory("hubs"), `${port}.json`);
}
