import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { hostDirectory, isProcessAlive, ownProcess, type ProcessIdentity } from "@netra-apex/core";

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
  readonly owner: ProcessIdentity;
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
export function removeHubFile(port: number): void {
  const owner = readHubFile(port)?.owner;
  if (owner && isDeepStrictEqual(owner, ownProcess())) rmSync(hubFileOf(port), { force: true });
}

/** How the hub at a port of this machine is reached; undefined where nobody of this user has written that down. */
export function readHubFile(port: number): HubFile | undefined {
  try {
    const { url, token, owner } = JSON.parse(readFileSync(hubFileOf(port), "utf8")) as Partial<HubFile>;
    const isWhole = typeof url === "string" && typeof token === "string" && typeof owner?.pid === "number";
    return isWhole ? { url, token, owner } : undefined;
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
  const ports = names.map((name) => Number.parseInt(name, 10));
  return ports.flatMap((port) => {
    const file = readHubFile(port);
    if (file && isProcessAlive(file.owner) !== false) return [file];
    // Of one that was killed; whoever has its pid now has nothing to do with it.
    rmSync(hubFileOf(port), { force: true });
    return [];
  });
}

function hubFileOf(port: number): string {
  return path.join(hostDirectory("hubs"), `${port}.json`);
}
