import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ApexError, describeThrown } from "@netra-apex/core";
import { anyOf, type Authenticate, localUserId, type Principal } from "./principal.ts";
import { tokenAuthenticator } from "./token-authenticator.ts";
import { createWebSocketHub, type WebSocketHub, type WebSocketHubOptions } from "./websocket-hub.ts";

/** A hub cannot listen where it was told to. */
export class HubListenError extends ApexError {
  readonly code = "APEX_HUB_LISTEN";
}

/** Where and for whom a hub listens. */
export interface ListenWebSocketHubOptions extends Omit<WebSocketHubOptions, "authenticate"> {
  /** 0: one that is free. */
  readonly port: number;
  /** Default: this machine alone, at 127.0.0.1 and at ::1 where it has that. */
  readonly host?: string;
  /** For an address that others reach: something in front of it speaks TLS. Without, such an address is refused. */
  readonly behindTls?: boolean;
  /** Whoever has it may see all threads of the user. */
  readonly token: string;
  /** Default: `local`. */
  readonly userId?: string;
  /** Whoever has the token may also publish. Default: false. */
  readonly allowPublish?: boolean;
  /** Others that are let in, such as a page. */
  readonly authenticate?: Authenticate;
  /** Answers requests whose Host and Origin are fine. Default: 404 for all. */
  readonly onRequest?: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A hub that listens. */
export interface ListeningHub {
  readonly hub: WebSocketHub;
  readonly port: number;
  /** Of the server, without a path: `http://127.0.0.1:4321`. */
  readonly url: string;
  /** Closes the hub and its servers. */
  close(): Promise<void>;
}

const loopback = new Set(["127.0.0.1", "::1", "localhost"]);
/** A free port of one address may be taken at the other. */
const mostPorts = 10;

/** Starts a hub with a server of its own. Throws `HubListenError` where it cannot or must not listen. */
export async function listenWebSocketHub(options: ListenWebSocketHubOptions): Promise<ListeningHub> {
  const { port, host, behindTls = false, token, userId = localUserId, allowPublish = false, ...rest } = options;
  const { authenticate, onRequest = answerNotFound, ...hubOptions } = rest;
  if (host !== undefined && !loopback.has(host) && !behindTls) {
    throw new HubListenError(`${host} can be reached by others, and what goes to them would not be encrypted`, {
      hint: "leave the host out, or put something that speaks TLS in front and say so (behindTls)",
    });
  }
  if (token.length < 16)
    throw new HubListenError("the token is too short to be one", { hint: "createToken() makes one" });
  const may: Principal["may"] = allowPublish ? ["subscribe", "publish"] : ["subscribe"];
  const byToken = tokenAuthenticator([{ token, userId, threads: "all", may }]);
  const hub = createWebSocketHub({
    ...hubOptions,
    authenticate: authenticate ? anyOf([byToken, authenticate]) : byToken,
  });
  const create = (): Server => guardedServer(hub, onRequest);
  const first = host === undefined || host === "localhost" ? "127.0.0.1" : host;
  const hosts = first === host ? [first] : [first, "::1"];
  const { servers, chosen } = await listenAt(create, hosts, port);
  const shown = first.includes(":") ? `[${first}]` : first;
  return {
    hub,
    port: chosen,
    url: `http://${shown}:${chosen}`,
    async close() {
      await hub.close();
      await Promise.all(servers.map(closeServer));
    },
  };
}

function guardedServer(hub: WebSocketHub, onRequest: NonNullable<ListenWebSocketHubOptions["onRequest"]>): Server {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 });
  server.maxHeadersCount = 100;
  server.on("request", (request, response) => {
    if (hub.handleRequest(request, response)) return;
    const refusal = hub.guard(request);
    if (refusal) response.writeHead(refusal.status, { connection: "close" }).end(`${refusal.message}\n`);
    else onRequest(request, response);
  });
  server.on("clientError", (_error, socket: Socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  hub.attach(server);
  return server;
}

/** Listens at all of the addresses, the first of which must be there, with one port. */
async function listenAt(
  create: () => Server,
  hosts: readonly string[],
  port: number,
): Promise<{ readonly servers: Server[]; readonly chosen: number }> {
  for (let round = 1; ; round += 1) {
    const servers: Server[] = [];
    let chosen = port;
    try {
      for (const host of hosts) {
        const server = create();
        if (await listen(server, chosen, { host, mayBeMissing: servers.length > 0 })) servers.push(server);
        chosen = ((servers[0] ?? server).address() as AddressInfo).port;
      }
      return { servers, chosen };
    } catch (error) {
      await Promise.all(servers.map(closeServer));
      const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (isTaken && port === 0 && round < mostPorts) continue;
      const hint = isTaken ? "something listens there already: choose another port, or 0 for a free one" : undefined;
      throw new HubListenError(`the hub cannot listen at port ${chosen}: ${describeThrown(error)}`, {
        cause: error,
        ...(hint !== undefined && { hint }),
      });
    }
  }
}

/** False where the machine does not have the address, if it may be missing. */
function listen(
  server: Server,
  port: number,
  { host, mayBeMissing }: { readonly host: string; readonly mayBeMissing: boolean },
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (mayBeMissing && (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT")) resolve(false);
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => resolve(true));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function answerNotFound(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404).end("nothing is here\n");
}
