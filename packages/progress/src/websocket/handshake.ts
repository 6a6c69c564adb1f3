import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "@netra-apex/core";
import type { HubLimits } from "./hub-limits.ts";
import type { Authenticate, Principal } from "./principal.ts";
import { socketPaths, subprotocol, tokenSubprotocolPrefix } from "./protocol.ts";
import { ownOrigins, type Refusal, type RequestPolicy } from "./request-policy.ts";

/** What a socket was asked for. */
export type SocketPurpose = keyof typeof socketPaths;

/** Most characters of a token. */
const longestToken = 8_192;

/** What a request asks for by its path; undefined where it is none of the hub's. */
export function purposeOf({ url = "" }: IncomingMessage): SocketPurpose | undefined {
  const [path] = url.split("?", 1);
  if (path === socketPaths.subscribe) return "subscribe";
  return path === socketPaths.publish ? "publish" : undefined;
}

/** What is judged by. */
interface Court {
  readonly policy: RequestPolicy;
  readonly authenticate: Authenticate;
  readonly limits: HubLimits;
  readonly clock: Clock;
}

/** Decides about a handshake, before anything is upgraded: who it is, or why not. */
export async function judgeHandshake(
  request: IncomingMessage,
  purpose: SocketPurpose,
  court: Court,
): Promise<Principal | Refusal> {
  const { headers } = request;
  const refusal = court.policy(request);
  if (refusal) return refusal;
  // Version 8 has the Origin in another header, which nobody would look at.
  if (headers["sec-websocket-version"] !== "13") return { status: 426, message: "this is version 13 of WebSocket" };
  if (!protocolsOf(headers).includes(subprotocol)) {
    return { status: 400, message: `the subprotocol is ${subprotocol}` };
  }
  return identify(headers, purpose, court);
}

/**
 * What a request that is no handshake is told at the path of one: why a handshake with the same headers is refused, or that this is the
 * place for one. Pages learn it so, whose WebSocket is told nothing.
 */
export async function judgePlainRequest(
  request: IncomingMessage,
  purpose: SocketPurpose,
  court: Court,
): Promise<Refusal> {
  const refusal = court.policy(request);
  if (refusal) return refusal;
  const verdict = await identify(withOwnOrigin(request.headers), purpose, court);
  return "status" in verdict ? verdict : { status: 426, message: `a WebSocket is to be had here, to ${purpose}` };
}

async function identify(
  headers: IncomingHttpHeaders,
  purpose: SocketPurpose,
  court: Court,
): Promise<Principal | Refusal> {
  const token = tokenOf(headers.authorization, protocolsOf(headers));
  // A browser always says where it comes from, and anything else can have a token.
  if (token === undefined && headers.origin === undefined) return unknown;
  const principal = await within(court, async () =>
    court.authenticate({ headers, purpose, ...(token !== undefined && { token }) }),
  );
  if (!principal || (principal.expiresAtMs ?? Number.POSITIVE_INFINITY) <= court.clock.now()) return unknown;
  return principal.may.includes(purpose) ? principal : { status: 403, message: `you may not ${purpose} here` };
}

/** Answers a handshake that is refused, as plain HTTP. */
export function answerRefusal(socket: Duplex, { status, message }: Refusal): void {
  const body = `${message}\n`;
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(status === 401 ? ["WWW-Authenticate: Bearer"] : []),
    ...(status === 426 ? ["Sec-WebSocket-Version: 13"] : []),
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(`${headers.join("\r\n")}\r\n\r\n${body}`);
}

/** Answers a request that is no handshake; `more` are headers that say who may read it. */
export function answerPlainRequest(
  response: ServerResponse,
  { status, message }: Refusal,
  more: OutgoingHttpHeaders,
): void {
  const body = JSON.stringify({ status, message });
  response
    .writeHead(status, {
      ...more,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      connection: status === 426 ? "upgrade, close" : "close",
      ...(status === 426 && { upgrade: "websocket" }),
      ...(status === 401 && { "www-authenticate": "Bearer" }),
    })
    .end(body);
}

/**
 * Browsers leave the Origin out where a page asks its own server, but not on a handshake. What they say in its place no script can set,
 * and another port of the same machine is `same-site`.
 */
function withOwnOrigin(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  if (headers.origin !== undefined || headers["sec-fetch-site"] !== "same-origin") return headers;
  return { ...headers, origin: ownOrigins(headers.host?.toLowerCase() ?? "")[0] };
}

const unknown: Refusal = { status: 401, message: "a token is needed" };

function protocolsOf(headers: IncomingHttpHeaders): readonly string[] {
  return (headers["sec-websocket-protocol"] ?? "").split(",").map((text) => text.trim());
}

function tokenOf(authorization: string | undefined, protocols: readonly string[]): string | undefined {
  const bearer = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  const encoded = protocols.find((text) => text.startsWith(tokenSubprotocolPrefix));
  const token =
    bearer ?? (encoded && Buffer.from(encoded.slice(tokenSubprotocolPrefix.length), "base64url").toString("utf8"));
  return token === undefined || token === "" || token.length > longestToken ? undefined : token;
}

/** Undefined when it throws or takes too long. */
function within<Value>(
  { clock, limits }: { readonly clock: Clock; readonly limits: HubLimits },
  ask: () => Promise<Value>,
): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(limits.handshakeMs, () => resolve(undefined));
    ask()
      .catch(() => undefined)
      .then(
        (value) => {
          cancel();
          resolve(value);
        },
        resolve as () => void,
      );
  });
}
