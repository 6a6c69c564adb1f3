import { createHash, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@netra-apex/core";
import { backgroundClock } from "../background-clock.ts";
import type { Authenticate, Principal } from "./principal.ts";

/** For whom pages are opened. */
export interface PageAccessOptions {
  /** What a page may do. */
  readonly principal: Principal;
  readonly clock?: Clock;
  /** How long a code waits to be used. Default: 2 minutes. */
  readonly codeLifetimeMs?: number;
  /** How long a cookie is good. Default: 12 hours. */
  readonly cookieLifetimeMs?: number;
}

/** Lets a browser in without a token in an address, a history or a log. */
export interface PageAccess {
  /** A code for the link that is shown to a person; good once, and not for long. */
  createCode(): string;
  /**
   * Answers `GET …?code=…`: sets the cookie and sends the browser to the same address without the code. False: the request
   * has no code, and is the caller's to answer.
   */
  exchange(request: IncomingMessage, response: ServerResponse): boolean;
  /** Whether a plain request brings a cookie that is still good. */
  isLetIn(headers: IncomingHttpHeaders): boolean;
  /** Knows who brings such a cookie; the hub has made sure that an allowed Origin came with it. */
  readonly authenticate: Authenticate;
}

/** Browsers keep cookies by host alone: two hubs of one machine must not take each other's away. */
function cookieNameOf({ host }: IncomingHttpHeaders): string {
  return `apex_page_${/:(\d+)$/.exec(host ?? "")?.[1] ?? "default"}`;
}

const mostCodes = 100;
const mostCookies = 1_000;

/** Makes what exchanges single-use codes for `SameSite=Strict` cookies; see {@link PageAccess}. */
export function createPageAccess({
  principal,
  clock = backgroundClock,
  codeLifetimeMs = 120_000,
  cookieLifetimeMs = 12 * 3_600_000,
}: PageAccessOptions): PageAccess {
  // By hash, so that looking one up tells nothing by its time.
  const codes = new Map<string, number>();
  const cookies = new Map<string, number>();
  const isGood = (known: Map<string, number>, secret: string): boolean =>
    (known.get(sha256(secret)) ?? Number.NEGATIVE_INFINITY) > clock.now();
  const create = (known: Map<string, number>, lifetimeMs: number, most: number): string => {
    const secret = randomBytes(32).toString("base64url");
    known.set(sha256(secret), clock.now() + lifetimeMs);
    for (const oldest of known.keys()) {
      if (known.size <= most) break;
      known.delete(oldest);
    }
    return secret;
  };
  const cookieExpiry = (headers: IncomingHttpHeaders): number | undefined => {
    const secret = readCookie(headers);
    return secret !== undefined && isGood(cookies, secret) ? cookies.get(sha256(secret)) : undefined;
  };
  return {
    createCode: () => create(codes, codeLifetimeMs, mostCodes),
    exchange(request, response) {
      const url = URL.parse(request.url ?? "/", "http://page.invalid");
      const code = url?.searchParams.get("code");
      if (!url || typeof code !== "string" || request.method !== "GET") return false;
      const headers = { "cache-control": "no-store", "referrer-policy": "no-referrer" };
      const wasGood = isGood(codes, code);
      codes.delete(sha256(code));
      if (!wasGood) {
        const text = "This link was used already, or is too old: ask for a new one.\n";
        response.writeHead(403, { ...headers, "content-type": "text/plain; charset=utf-8" }).end(text);
        return true;
      }
      const cookie = create(cookies, cookieLifetimeMs, mostCookies);
      url.searchParams.delete("code");
      response
        .writeHead(303, {
          ...headers,
          "set-cookie": `${cookieNameOf(request.headers)}=${cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${Math.floor(cookieLifetimeMs / 1000)}`,
          // One slash only: two would name another host.
          location: `/${url.pathname.replace(/^[/\\]+/, "")}${url.search}`,
        })
        .end();
      return true;
    },
    isLetIn: (headers) => cookieExpiry(headers) !== undefined,
    authenticate({ headers }) {
      const expiresAtMs = cookieExpiry(headers);
      if (headers.origin === undefined || expiresAtMs === undefined) return undefined;
      return { ...principal, expiresAtMs: Math.min(expiresAtMs, principal.expiresAtMs ?? expiresAtMs) };
    },
  };
}

function readCookie(headers: IncomingHttpHeaders): string | undefined {
  const start = `${cookieNameOf(headers)}=`;
  return headers.cookie
    ?.split(";")
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(start))
    ?.slice(start.length);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
