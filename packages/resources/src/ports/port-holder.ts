import { execFile } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { commandLineOf, readProcess } from "../command/process-table.ts";
import type { InstanceRecord } from "../instances/instance-record.ts";
import { type ListeningSocket, listeningSockets } from "./is-listening.ts";
import { serviceOfProcess } from "./service-of-process.ts";

/** Who listens on a port. What is absent cannot be seen from here. */
export interface PortHolder {
  readonly port: number;
  readonly pid?: number;
  /** Of the program, without its directory. */
  readonly program?: string;
  readonly commandLine?: string;
  /** Name of the user whose process it is, or its number. */
  readonly user?: string;
  /** It is what apex has started. */
  readonly service?: InstanceRecord;
}

const askMs = 2_000;

/** Who listens on a port of this machine; `undefined` when nobody does, or nobody can be seen. Never rejects. */
export async function portHolder(
  port: number,
  records: readonly InstanceRecord[] = [],
): Promise<PortHolder | undefined> {
  const sockets = listeningSockets(port);
  if (sockets) return sockets.length === 0 ? undefined : holderOnLinux(port, sockets, records);
  const pid = process.platform === "win32" ? await pidFromNetstat(port) : await pidFromLsof(port);
  if (pid === undefined) return undefined;
  const command = process.platform === "win32" ? "" : (await ask("ps", ["-o", "command=", "-p", String(pid)])).trim();
  return { port, pid, ...describeProgram(command || undefined), ...serviceOf(pid, records) };
}

/** Such as `postgres (pid 123, "postgres -D data")`, or `a process of another user (root)`. */
export function describeHolder({ pid, program, commandLine, user, service }: PortHolder): string {
  if (service && pid !== undefined) return `the service ${service.service} of ${service.projectRoot} (pid ${pid})`;
  if (pid === undefined) return user === undefined ? "another process" : `a process of another user (${user})`;
  const line = commandLine === undefined ? "" : `, "${commandLine}"`;
  return `${program ?? "a process"} (pid ${pid}${line})`;
}

/** The command that frees the port. */
export function fixForHolder({ pid, service, port }: PortHolder): string {
  if (service) return `apex services down ${service.service}`;
  if (pid !== undefined) return process.platform === "win32" ? `taskkill /pid ${pid}` : `kill ${pid}`;
  return process.platform === "win32" ? `netstat -ano | findstr :${port}` : `sudo lsof -i :${port} -sTCP:LISTEN`;
}

function holderOnLinux(
  port: number,
  sockets: readonly ListeningSocket[],
  records: readonly InstanceRecord[],
): PortHolder {
  // Children inherit the socket; the eldest is the one that is meant.
  const [eldest] = processesWith(sockets)
    .flatMap((pid) => readProcess(pid) ?? [])
    .sort((a, b) => Number(a.startedAt) - Number(b.startedAt) || a.pid - b.pid);
  const user = userName(sockets[0]?.uid ?? 0);
  if (!eldest) return { port, user };
  const { pid } = eldest;
  return { port, pid, ...describeProgram(commandLineOf(pid)), user, ...serviceOf(pid, records) };
}

function processesWith(sockets: readonly ListeningSocket[]): number[] {
  const links = new Set(sockets.map(({ inode }) => `socket:[${inode}]`));
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    try {
      const descriptors = readdirSync(`/proc/${pid}/fd`);
      return descriptors.some((descriptor) => links.has(linkOf(`/proc/${pid}/fd/${descriptor}`))) ? [pid] : [];
    } catch {
      // It has gone, or belongs to another user.
      return [];
    }
  });
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}

function userName(uid: number): string {
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((one) => one.split(":")[2] === String(uid));
    return line?.split(":")[0] ?? String(uid);
  } catch {
    return String(uid);
  }
}

function describeProgram(commandLine: string | undefined): Pick<PortHolder, "program" | "commandLine"> {
  if (commandLine === undefined) return {};
  // A server that writes its own title ends the name with a colon.
  const program = path.basename(commandLine.split(" ")[0] ?? "").replace(/:$/, "");
  return { commandLine, ...(program === "" ? {} : { program }) };
}

function serviceOf(pid: number, records: readonly InstanceRecord[]): Pick<PortHolder, "service"> {
  const service = serviceOfProcess(pid, records);
  return service ? { service } : {};
}

async function pidFromLsof(port: number): Promise<number | undefined> {
  const [pid] = (await ask("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"])).split("\n");
  return pid ? Number(pid) : undefined;
}

async function pidFromNetstat(port: number): Promise<number | undefined> {
  for (const line of (await ask("netstat", ["-ano", "-p", "TCP"])).split("\n")) {
    const [, local = "", , state, pid] = line.trim().split(/\s+/);
    if (state === "LISTENING" && local.endsWith(`:${port}`)) return Number(pid);
  }
  return undefined;
}

/** What a program of the system says; nothing when it is not there, or takes too long. */
function ask(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: askMs, killSignal: "SIGKILL", windowsHide: true }, (_, stdout) => resolve(stdout));
  });
}
