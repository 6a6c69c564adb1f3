import { closeCodes } from "../websocket/protocol.ts";
import { StreamRefusedError } from "./stream-error.ts";

/** What a connection's end means for the next. */
export type ConnectionEnd =
  | {
      readonly kind: "lost";
      /** For people. */
      readonly reason: string;
      /** Of the close frame, where there was one. */
      readonly code?: number;
      /** The hub is at fault or overrun: not to be asked again at once. */
      readonly atLeastMs?: number;
    }
  | { readonly kind: "refused"; readonly error: StreamRefusedError };

/** A hub that broke or is overrun is left alone for this long. */
export const unwellMs = 5_000;

/** WebSocket's own code for an end without a word. */
export const abnormalClosure = 1006;

/** WebSocket's own code for a fault of the server, which hubs of ours never send. */
const serverFault = 1011;

/** What a socket's close means: whether to come again, and when. */
export function judgeClose(code: number, said: string): ConnectionEnd {
  const words = said === "" ? "" : `: ${said}`;
  switch (code) {
    case closeCodes.unauthorized:
      return {
        kind: "refused",
        error: new StreamRefusedError("unauthorized", `the hub does not take the token${words}`),
      };
    case closeCodes.forbidden:
      return { kind: "refused", error: new StreamRefusedError("forbidden", `the hub does not allow it${words}`) };
    case closeCodes.badMessage:
      return {
        kind: "refused",
        error: new StreamRefusedError("bad-message", `the hub did not understand what it was sent${words}`),
      };
    case closeCodes.slowConsumer:
      return { kind: "lost", code, reason: `too slow for the hub${words}` };
    case closeCodes.goingAway:
      return { kind: "lost", code, reason: "the hub goes down" };
    case closeCodes.tooManyCommands:
    case serverFault:
      return { kind: "lost", code, reason: `the hub closed with ${code}${words}`, atLeastMs: unwellMs };
    case abnormalClosure:
      return { kind: "lost", code, reason: `no connection to the hub${words}` };
    default:
      return { kind: "lost", code, reason: `the hub closed with ${code}${words}` };
  }
}
