import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { type PublisherHubMessage, type PublisherMessage, subprotocol } from "../../../src/websocket/protocol.ts";

/** A server that is at fault in its own way. */
export interface FaultyHub {
  readonly url: string;
  /** Connections that it has seen. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

type Say = (message: PublisherHubMessage) => void;

/** A hub that welcomes, and answers each message as the test says. */
export function hubThat(
  answer: (message: PublisherMessage, say: Say, socket: WebSocket) => void,
  heartbeatMs = 15_000,
): Promise<FaultyHub> {
  return socketServer((socket) => {
    const say: Say = (message) => socket.send(JSON.stringify(message));
    socket.on("message", (data: Buffer) => answer(JSON.parse(data.toString()) as PublisherMessage, say, socket));
    say({ type: "welcome", protocol: 1, heartbeatMs });
  });
}

/** A WebSocket server with something to do on each connection. */
export async function socketServer(onSocket: (socket: WebSocket) => void): Promise<FaultyHub> {
  const server = createServer();
  let connections = 0;
  const sockets = new WebSocketServer({ server, handleProtocols: () => subprotocol });
  sockets.on("connection", (socket) => {
    connections += 1;
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  const close = async (): Promise<void> => {
    for (const socket of sockets.clients) socket.terminate();
    await closeServer(server);
  };
  return { url: await listen(server), connections: () => connections, close };
}

/** A server that answers upgrades with an HTTP status. */
export async function httpServer(status: number): Promise<FaultyHub> {
  const server = createServer();
  let connections = 0;
  server.on("upgrade", (_request, socket) => {
    connections += 1;
    socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
  });
  return { url: await listen(server), connections: () => connections, close: () => closeServer(server) };
}

/** A server of plain TCP. */
export async function tcpServer(onSocket: (socket: Socket) => void): Promise<FaultyHub> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  const close = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    await closeServer(server);
  };
  return { url: await listen(server), connections: () => connections, close };
}

/** Where nobody listens. */
export async function nobody(): Promise<FaultyHub> {
  const server = createServer();
  const url = await listen(server);
  await closeServer(server);
  return { url, connections: () => 0, close: () => Promise.resolve() };
}

function listen(server: Server | TcpServer): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

function closeServer(server: Server | TcpServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
