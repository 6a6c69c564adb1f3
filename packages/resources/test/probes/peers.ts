import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Service, ServiceHealth } from "@netra-apex/core";
import { onTestFinished } from "vitest";
import { type CheckedServices, createServiceCheck } from "../../src/services/check-services.ts";

/** A server on loopback that treats every connection in its own way, until the test has finished. Its port. */
export async function peer(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
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

/** Checks one service with a short deadline; the signal is nobody's. */
export async function check(health: ServiceHealth, deadlineMs = 400): Promise<CheckedServices> {
  const service: Service = { name: "it", health };
  const config = { services: new Map([["it", service]]) };
  return createServiceCheck({ deadlineMs })(["it"], config, new AbortController().signal);
}

/** What is wrong with the one service: the problem and the reason, or `up`. */
export async function problemOf(health: ServiceHealth, deadlineMs?: number): Promise<string> {
  const { unavailable, unchecked } = await check(health, deadlineMs);
  const [first] = unavailable;
  if (unchecked.length > 0 || unavailable.length > 1) throw new Error("expected one service that can be checked");
  return first ? `${first.problem}: ${first.reason}` : "up";
}
