import type { IncomingMessage } from "node:http";

/** Which names a server answers to, and which pages may talk to it. */
export interface RequestPolicyOptions {
  /** Host names without a port. Default: `localhost`, `127.0.0.1`, `[::1]`. Names stop DNS rebinding. */
  readonly allowedHosts?: readonly string[];
  /** Origins such as `https://ci.example.com`, beside the server's own. Default: none. */
  readonly allowedOrigins?: readonly string[];
}

/** Why a request is not answered, as HTTP has it. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 426 | 503;
  readonly message: string;
}

/** Looks at the Host and the Origin of a request; undefined: both are fine. */
export type RequestPolicy = (request: Pick<IncomingMessage, "headers" | "rawHeaders">) => Refusal | undefined;

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];
const hostShape = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/;

/**
 * The policy of every HTTP request and every upgrade. An origin is the server's own when it has the request's own host and
 * port; `null`, addresses, and other ports of this machine are as foreign as any other.
 */
export function createRequestPolicy({
  allowedHosts = loopbackNames,
  allowedOrigins = [],
}: RequestPolicyOptions = {}): RequestPolicy {
  const hosts = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  return ({ headers, rawHeaders }) => {
    // Whoever stands between could have looked at the other one.
    if (["host", "origin", "authorization"].some((name) => countHeader(rawHeaders, name) > 1)) {
      return { status: 400, message: "a header is there twice" };
    }
    const host = headers.host?.toLowerCase() ?? "";
    const name = hostShape.exec(host)?.[1];
    if (name === undefined || !hosts.has(name)) return { status: 403, message: "this host is not served here" };
    const { origin } = headers;
    if (origin === undefined) return undefined;
    const isKnown = ownOrigins(host).includes(origin.toLowerCase()) || origins.has(origin.toLowerCase());
    return isKnown ? undefined : { status: 403, message: "this origin is not allowed here" };
  };
}

/** The origins of pages that come from a host itself, its port among it; what others reach speaks TLS. */
export function ownOrigins(host: string): readonly [string, ...string[]] {
  const name = hostShape.exec(host)?.[1] ?? "";
  return loopbackNames.includes(name) ? [`http://${host}`, `https://${host}`] : [`https://${host}`];
}

/** How often a header is there, of which there must be one; Node keeps only the first of some. */
export function countHeader(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}
