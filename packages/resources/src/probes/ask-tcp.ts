import type { Socket } from "node:net";
import type { ServiceAddress } from "@netra-apex/core";
import { converse } from "./converse.ts";
import { type Look, type ProbeResult, ready } from "./probe.ts";

/** A forwarder with nothing behind it takes a connection too, and closes it as soon as it has found that out. */
const heldMs = 25;

/** Connects; the connection has to be held for a moment, or something has to be said. */
export async function askTcp({ host, port }: ServiceAddress, look: Look): Promise<ProbeResult> {
  let timer: NodeJS.Timeout | undefined;
  look.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  const begin = (_: Socket, settle: (result: ProbeResult) => void): void => {
    timer = setTimeout(() => settle(ready()), Math.min(heldMs, look.deadlineMs / 2));
  };
  return converse({ host, port, protocol: "tcp", begin, read: () => ready() }, look);
}
