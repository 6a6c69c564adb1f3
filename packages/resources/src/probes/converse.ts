import { connect, isIP, type Socket } from "node:net";
import { connect as connectEncrypted } from "node:tls";
import { addressText, connectionProblem, hungUp } from "./connection-problem.ts";
import { excerpt, type Look, notReady, type NotReady, type ProbeResult } from "./probe.ts";

/** A conversation with a server over a bare connection. */
export interface Conversation {
  readonly host: string;
  readonly port: number;
  /** What it is to speak, for people. */
  readonly protocol: string;
  readonly isEncrypted?: boolean;
  /** Whether the server has to be the one that it says it is, because a secret is told to it. */
  readonly isVerified?: boolean;
  /** Called once there is a connection. */
  begin(socket: Socket, settle: (result: ProbeResult) => void): void;
  /** Takes what has come and returns how many bytes of it were whole, so that the rest comes again, or what it means. */
  read(said: Buffer, socket: Socket): number | ProbeResult;
  /** Said at the end, so that the server need not complain of a lost connection. */
  readonly goodbye?: Buffer;
}

/** What waits for its rest may be this long; longer is no answer of any of the protocols that are spoken here. */
const longestRest = 64 * 1024;

/** Holds a conversation until it has shown something; lets go of the connection when the look is over. */
export async function converse(conversation: Conversation, { signal }: Look): Promise<ProbeResult> {
  const { host, port, protocol, isEncrypted = false, isVerified = false, goodbye } = conversation;
  const address = addressText(conversation);
  return new Promise((resolve) => {
    const socket = isEncrypted
      ? connectEncrypted({
          host,
          port,
          rejectUnauthorized: isVerified,
          ...(isIP(host) === 0 ? { servername: host } : {}),
        })
      : connect({ host, port });
    let rest: Buffer = Buffer.alloc(0);
    let hasSpoken = false;
    socket.on(isEncrypted ? "secureConnect" : "connect", () => conversation.begin(socket, resolve));
    socket.on("data", (block: Buffer) => {
      if (signal.aborted) return;
      hasSpoken = true;
      rest = rest.length === 0 ? block : Buffer.concat([rest, block]);
      const read = conversation.read(rest, socket);
      if (typeof read !== "number") resolve(read);
      else if (rest.length - read > longestRest) resolve(otherProgram(protocol, address, rest));
      else rest = rest.subarray(read);
    });
    socket.on("error", (error: Error) => {
      const isOther = isEncrypted && "code" in error && /^(ERR_SSL|EPROTO)/.test(String(error.code));
      resolve(isOther ? otherProgram(protocol, address, error.message) : connectionProblem(error, address));
    });
    socket.on("close", () => {
      if (rest.length > 0) resolve(otherProgram(protocol, address, rest));
      else if (hasSpoken)
        resolve(notReady("unhealthy", `${address} closes the connection in the middle of its answer`));
      else resolve(hungUp(address));
    });
    const release = (): void => {
      if (goodbye && socket.writable) socket.end(goodbye);
      // A peer that does not close gets no more of our time.
      setImmediate(() => socket.destroy());
    };
    signal.addEventListener("abort", release, { once: true });
  });
}

/** Something answers, in another way than the service would. */
export function otherProgram(protocol: string, address: string, said: Buffer | string): NotReady {
  return notReady("other-program", `what listens on ${address} speaks no ${protocol}; it says ${excerpt(said)}`);
}
