import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, globSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Where the servers of tests listen. */
export const host = "127.0.0.1";

/** The path of a program, if it is installed. */
function find(name: string): string | undefined {
  const places = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/lib/postgresql/*/bin"];
  return places.flatMap((directory) => globSync(path.join(directory, name)))[0];
}

/** What is installed. */
export const programs = { redis: find("redis-server"), initdb: find("initdb"), postgres: find("postgres") };

/** PostgreSQL refuses to run as root. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** A server for one test, killed in its end. */
export function serve(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly uid?: number; readonly gid?: number },
): ChildProcess {
  const server = spawn(file, args, { ...options, stdio: "ignore" });
  onTestFinished(() => end(server, "SIGKILL"));
  return server;
}

/** Ends a server, and waits for its end. */
export async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill(signal);
  await ended;
}

/** A new database cluster, whose user `ann` has the password `secret`. */
export interface Cluster {
  readonly directory: string;
  start(port: number, settings?: Readonly<Record<string, string | number>>): ChildProcess;
}

/** Makes one; `rules` are the lines of its pg_hba.conf. */
export function cluster(rules: readonly string[], encryption = "scram-sha-256"): Cluster {
  const cwd = temporaryDirectory();
  const directory = path.join(cwd, "data");
  const passwordFile = path.join(cwd, "password");
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(passwordFile, "secret\n");
  for (const place of [cwd, directory, passwordFile]) if (user.uid !== undefined) chownSync(place, user.uid, user.gid);
  const auth = `--auth=${encryption}`;
  const args = ["-D", directory, "-U", "ann", auth, `--pwfile=${passwordFile}`, "--no-sync"];
  execFileSync(programs.initdb ?? "initdb", args, { ...user, cwd, stdio: "ignore" });
  writeFileSync(path.join(directory, "pg_hba.conf"), `${rules.join("\n")}\n`);
  return {
    directory,
    start(port, settings = {}) {
      const all = { port, listen_addresses: host, unix_socket_directories: "", fsync: "off", ...settings };
      const words = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
      return serve(programs.postgres ?? "postgres", ["-D", directory, ...words], { ...user, cwd });
    },
  };
}
