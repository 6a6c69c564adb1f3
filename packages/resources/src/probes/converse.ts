import type { Socket } from "node:net";
import { addressText, hungUp } from "./connection-problem.ts";
import { type ConnectionPlan, errorMeaning, openConnection, otherProgram } from "./open-connection.ts";
import { type Look, notReady, type ProbeResult } from "./probe.ts";

/** A conversation with a server over a bare or an encrypted connection. */
export interface Conversation extends ConnectionPlan {
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
export async function converse(conversation: Conversation, look: Look): Promise<ProbeResult> {
  const { protocol, goodbye } = conversation;
  const { signal } = look;
  const socket = await openConnection(conversation, look);
  if ("isReady" in socket) return socket;
  const address = addressText(conversation);
  return new Promise((resolve) => {
    let rest: Buffer = Buffer.alloc(0);
    let hasSpoken = false;
    socket.on("data", (block: Buffer) => {
      if (signal.aborted) return;
      hasSpoken = true;
      rest = rest.length === 0 ? block : Buffer.concat([rest, block]);
      const read = conversation.read(rest, socket);
      if (typeof read !== "number") resolve(read);
      else if (rest.length - read > longestRest) resolve(otherProgram(protocol, address, rest));
      else rest = rest.subarray(read);
    });
    socket.on("error", (error: Error) => resolve(errorMeaning(error, conversation)));
    socket.on("close", () => {
      if (rest.length > 0) resolve(otherProgram(protocol, address, rest));
      else if (hasSpoken)
        resolve(notReady("unhealthy", `${address} closes the connection in the middle of its answer`));
      else resolve(hungUp(address));
    });
    const sayGoodbye = (): void => {
      if (goodbye && socket.writable) socket.end(goodbye);
    };
    signal.addEventListener("abort", sayGoodbye, { once: true });
    conversation.begin(socket, resolve);
    socket.resume();
  });
}
