import type { Duplex } from "node:stream";
import { Socket } from "node:net";
import type { Clock } from "@netra-apex/core";
import type { WebSocket } from "ws";
import type { HubLimits } from "./hub-limits.ts";
import type { Principal } from "./principal.ts";
import { closeCodes, type CommonHubMessage, type ErrorMessage, protocolVersion } from "./protocol.ts";

/** What every connection needs of the hub it belongs to. */
export interface ConnectionSetting {
  readonly webSocket: WebSocket;
  readonly socket: Duplex;
  readonly principal: Principal;
  readonly limits: HubLimits;
  readonly clock: Clock;
  /** Told what must never happen, and what the other side heard of only as `internal`. */
  readonly onFault: (error: unknown) => void;
}

const asText = { binary: false } as const;
const heartbeat = Buffer.from(JSON.stringify({ type: "heartbeat" } satisfies CommonHubMessage));

/** One socket at the hub: its pings, its bounds and its end. What its messages mean is said by those that extend it. */
export abstract class Connection {
  readonly principal: Principal;
  protected readonly limits: HubLimits;
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #onFault: (error: unknown) => void;
  readonly #messagesPerSecond: number;
  readonly #cancelExpiry: () => void;
  #allowance: number;
  #allowanceAtMs: number;
  #missedPings = 0;
  #isHeard = true;
  #taken: TakenBytes = { whole: 0, open: 0 };
  #takenAtMs: number;
  #wasBusy = false;
  #isClosing = false;

  constructor(setting: ConnectionSetting, messagesPerSecond: number) {
    this.#webSocket = setting.webSocket;
    this.#socket = setting.socket;
    this.principal = setting.principal;
    this.limits = setting.limits;
    this.#clock = setting.clock;
    this.#onFault = setting.onFault;
    this.#messagesPerSecond = messagesPerSecond;
    this.#allowance = messagesPerSecond;
    this.#allowanceAtMs = setting.clock.monotonicMs();
    this.#takenAtMs = this.#allowanceAtMs;
    this.#cancelExpiry = this.#watchExpiry();
  }

  /** Starts to listen; not before everything that extends it is there. */
  open(): void {
    const webSocket = this.#webSocket;
    // What breaks the protocol below these messages is answered by ws itself, which then closes.
    webSocket.on("error", () => {});
    webSocket.on("close", () => this.#end());
    webSocket.on("pong", () => {
      this.#isHeard = true;
    });
    webSocket.on("ping", () => this.#count());
    webSocket.on("message", (data: Buffer, isBinary: boolean) => this.#take(data, isBinary));
    this.#socket.on("drain", () => this.onRoom());
    this.send({ type: "welcome", protocol: protocolVersion, heartbeatMs: this.limits.heartbeatMs });
  }

  /** Whether there is anything that was given and not taken. */
  get isBusy(): boolean {
    return this.#webSocket.bufferedAmount > 0;
  }

  /** Whether the socket takes more. */
  get hasRoom(): boolean {
    return !this.#isClosing && this.#webSocket.bufferedAmount < this.limits.socketBytes;
  }

  /** Changes when the other end takes anything, a word of goodbye included. */
  get taken(): string {
    const { whole, open } = takenBytes(this.#socket);
    return `${whole}/${open}`;
  }

  /** Whether its principal is still what it was. */
  get isValid(): boolean {
    const { expiresAtMs } = this.principal;
    return expiresAtMs === undefined || this.#clock.now() < expiresAtMs;
  }

  /** Closes it; what was given before is still sent, if it is taken. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#cancelExpiry();
    this.onEnd();
    // A close frame has room for 123 bytes.
    this.#webSocket.close(code, reason.slice(0, 120));
  }

  /** Ends it at once. */
  terminate(): void {
    this.#webSocket.terminate();
  }

  /** Looks whether anything is taken; called every second or so. */
  watch(nowMs: number): void {
    const taken = takenBytes(this.#socket);
    const isMoving = taken.whole !== this.#taken.whole || taken.open !== this.#taken.open;
    // That the system took a ping says nothing; that it takes more of what it would not take before says that somebody reads.
    if (isMoving && this.#wasBusy) this.#isHeard = true;
    this.#wasBusy = this.isBusy;
    if (isMoving || !this.isBusy) {
      this.#takenAtMs = nowMs;
      this.#taken = taken;
    } else if (!this.#isClosing && nowMs - this.#takenAtMs >= this.limits.stallMs) {
      this.close(closeCodes.slowConsumer, this.slowReason());
    }
  }

  /** Asks for a sign of life, and gives one. A socket that is full has enough to do, and {@link watch} looks after it. */
  beat(): void {
    this.#missedPings = this.#isHeard ? 0 : this.#missedPings + 1;
    this.#isHeard = false;
    if (this.#missedPings >= 2) {
      this.terminate();
      return;
    }
    if (!this.hasRoom) return;
    this.#webSocket.ping();
    this.#webSocket.send(heartbeat, asText);
  }

  /** Called when the socket has been written. */
  protected abstract onRoom(): void;
  /** Called once, when it is over. */
  protected abstract onEnd(): void;
  /** Called for each message; what it throws is told as `internal`. */
  protected abstract onText(text: string): void;
  /** Why it is closed when it takes nothing. */
  protected abstract slowReason(): string;

  protected send(message: object): void {
    this.sendPayload(Buffer.from(JSON.stringify(message)));
  }

  protected sendPayload(payload: Buffer): void {
    this.#webSocket.send(payload, asText);
  }

  protected refuse(code: ErrorMessage["code"], message: string, about?: string): void {
    this.send({ type: "error", code, message, ...(about !== undefined && { about }) } satisfies ErrorMessage);
  }

  #take(data: Buffer, isBinary: boolean): void {
    this.#isHeard = true;
    if (this.#isClosing || !this.#count()) return;
    if (!this.isValid) {
      this.#expire();
      return;
    }
    if (isBinary) {
      this.close(closeCodes.badMessage, "messages are texts");
      return;
    }
    try {
      this.onText(data.toString());
    } catch (error) {
      this.#onFault(error);
      this.refuse("internal", "this could not be done");
    }
  }

  /** Whether one more is within what a second may bring; closes it otherwise. */
  #count(): boolean {
    const nowMs = this.#clock.monotonicMs();
    const earned = ((nowMs - this.#allowanceAtMs) / 1000) * this.#messagesPerSecond;
    this.#allowance = Math.min(this.#messagesPerSecond, this.#allowance + earned) - 1;
    this.#allowanceAtMs = nowMs;
    if (this.#allowance >= 0) return true;
    this.close(closeCodes.tooManyCommands, `more than ${this.#messagesPerSecond} messages a second`);
    return false;
  }

  #watchExpiry(): () => void {
    const { expiresAtMs } = this.principal;
    if (expiresAtMs === undefined) return () => {};
    let cancel = (): void => {};
    const wait = (): void => {
      cancel = this.#clock.schedule(Math.max(0, expiresAtMs - this.#clock.now()), () => {
        // The clock cannot wait for longer than some weeks.
        if (this.isValid) wait();
        else this.#expire();
      });
    };
    wait();
    return () => cancel();
  }

  #expire(): void {
    this.close(closeCodes.unauthorized, "what let this socket in is not valid any more");
  }

  #end(): void {
    this.#cancelExpiry();
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.onEnd();
  }
}

/** How far the writing of a socket has come: bytes of writes that are done, and bytes that are open of the one under way. */
interface TakenBytes {
  readonly whole: number;
  readonly open: number;
}

/**
 * A write of a megabyte is one write until the last byte of it is taken, so it is looked at what the system still has to do of
 * it, as Node does for its own time limit of sockets.
 */
function takenBytes(socket: Duplex): TakenBytes {
  if (!(socket instanceof Socket)) return { whole: -socket.writableLength, open: 0 };
  const { _handle: handle } = socket as { _handle?: { readonly writeQueueSize?: unknown } | null };
  const open = handle?.writeQueueSize;
  return { whole: socket.bytesWritten - socket.writableLength, open: typeof open === "number" ? open : 0 };
}
