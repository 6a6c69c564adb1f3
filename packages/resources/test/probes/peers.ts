import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { HealthCheck } from "@netra-apex/core";
import { onTestFinished } from "vitest";
import { createProbe, type ProbeOptions } from "../../src/probes/create-probe.ts";
import type { ProbeResult } from "../../src/probes/probe.ts";
import type { ProbeSubject } from "../../src/instance.ts";

/** A server on loopback that treats every connection in its own way, until the test has finished. Its port. */
export async function peer(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
    // Only who reads sees that the other side has gone.
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A port of loopback that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Says something as soon as somebody comes, or after the first bytes. */
export const says =
  (bytes: Buffer | string, when: "at once" | "when asked" = "at once") =>
  (socket: Socket): void => {
    if (when === "at once") socket.write(bytes);
    else socket.once("data", () => socket.write(bytes));
  };

/** Takes connections, and that is all. */
export const silent = (socket: Socket): void => void socket.resume();

/** Closes every connection. */
export const hangsUp = (socket: Socket): void => void socket.destroy();

/** One byte every now and then, for ever. */
export const drips =
  (bytes: string) =>
  (socket: Socket): void => {
    let at = 0;
    const timer = setInterval(() => socket.write(bytes.charAt(at++ % bytes.length)), 20);
    socket.on("close", () => clearInterval(timer));
  };

/** Closes every connection once it has been asked something. */
export const hangsUpWhenAsked = (socket: Socket): void => void socket.once("data", () => socket.destroy());

/** One look; the signal is nobody's. */
export async function look(
  check: HealthCheck,
  { deadlineMs = 2_000, subject, ...options }: ProbeOptions & { deadlineMs?: number; subject?: ProbeSubject } = {},
): Promise<ProbeResult> {
  const probe = createProbe(check, subject ?? { place: { host: "127.0.0.1" } }, options);
  return probe({ deadlineMs, signal: new AbortController().signal });
}

/** The look in one text: `ready`, with its version, or the problem and its detail. */
export async function lookText(...args: Parameters<typeof look>): Promise<string> {
  const result = await look(...args);
  if (!result.isReady) return `${result.problem}: ${result.detail}`;
  return result.version === undefined ? "ready" : `ready (${result.version})`;
}
