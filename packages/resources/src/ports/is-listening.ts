import { readFileSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";

/** A socket that waits for connections. */
export interface ListeningSocket {
  readonly inode: string;
  /** Of the user whose it is. */
  readonly uid: number;
  /** Whoever connects to this machine's loopback reaches it. */
  readonly isOnLoopback: boolean;
}

const tables = ["/proc/net/tcp", "/proc/net/tcp6"];
const listening = "0A";
/** Words of an address in the byte order of the machine: any address, 127.0.0.0/8, ::1, and 127.0.0.0/8 as IPv6 has it. */
const loopback = /^(?:0{8}|0{32}|.{6}7F|0{24}01000000|0{16}FFFF0000.{6}7F)$/;

/** Who listens on a port of any address of this machine, as the kernel says; `undefined` where it cannot be asked. */
export function listeningSockets(port: number): ListeningSocket[] | undefined {
  if (process.platform !== "linux") return undefined;
  let isKnown = false;
  const sockets = tables.flatMap((file) => {
    try {
      const lines = readFileSync(file, "latin1").split("\n").slice(1);
      isKnown = true;
      return lines.flatMap((line) => readSocket(line, port) ?? []);
    } catch {
      return [];
    }
  });
  return isKnown ? sockets : undefined;
}

function readSocket(line: string, port: number): ListeningSocket | undefined {
  // `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …`
  const [, local = "", , state, , , , uid, , inode = ""] = line.trim().split(/\s+/);
  const [address = "", hexPort = ""] = local.split(":");
  if (state !== listening || Number.parseInt(hexPort, 16) !== port) return undefined;
  return { inode, uid: Number(uid), isOnLoopback: loopback.test(address) };
}

/** Whether somebody takes connections on a port of this machine's loopback; asked of the kernel where that is possible. */
export async function isListening(port: number, timeoutMs = 1_000): Promise<boolean> {
  const sockets = listeningSockets(port);
  if (sockets) return sockets.some(({ isOnLoopback }) => isOnLoopback);
  const answers = await Promise.all(["127.0.0.1", "::1"].map((host) => takesConnections(host, port, timeoutMs)));
  return answers.includes(true);
}

function takesConnections(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => settle(true));
    socket.on("error", () => settle(false));
    socket.on("timeout", () => settle(false));
  });
}
