import type { RunEvent } from "@netra-apex/core";
import type { HubMessage } from "../websocket/protocol.ts";

type Written = Readonly<Record<string, unknown>>;

/** Reads a message of a hub; undefined for one of a newer hub that this reader does not know. Throws `TypeError` for what is none. */
export function readHubMessage(data: unknown): HubMessage | undefined {
  if (typeof data !== "string") throw new TypeError("binary data");
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    throw new TypeError("not JSON");
  }
  if (!isObject(message) || typeof message["type"] !== "string") throw new TypeError("no message");
  const check = checks[message["type"] as HubMessage["type"]];
  if (check === undefined) return undefined;
  if (!check(message)) throw new TypeError(`a broken message of type ${message["type"]}`);
  return message as unknown as HubMessage;
}

const isRunOfThread = ({ run, thread }: Written): boolean => typeof run === "string" && typeof thread === "string";

const checks: Readonly<Record<HubMessage["type"], (message: Written) => boolean>> = {
  welcome: ({ protocol, heartbeatMs }) => isSeq(protocol) && typeof heartbeatMs === "number" && heartbeatMs > 0,
  heartbeat: () => true,
  error: ({ code, message }) => typeof code === "string" && typeof message === "string",
  subscribed: ({ id, runs }) =>
    typeof id === "string" &&
    Array.isArray(runs) &&
    runs.every((run: unknown) => isObject(run) && isRunOfThread(run) && isSeq(run["lastSeq"])),
  events: (message) => isRunOfThread(message) && isEventList(message["events"]),
  snapshot: (message) => isRunOfThread(message) && isSeq(message["throughSeq"]) && isEventList(message["events"]),
};

function isEventList(value: unknown): value is RunEvent[] {
  return Array.isArray(value) && value.every((event: unknown) => isObject(event) && isSeq(event["seq"]));
}

function isSeq(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Written {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
