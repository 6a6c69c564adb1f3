import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { countHeader, type RequestPolicyOptions } from "./request-policy.ts";

/** What lets a page of another origin read an answer, where it may: {@link createCors}. */
export interface Cors {
  /** Headers of every answer to a request that is no handshake, refusals among them: a page is to learn why it is refused. */
  headersFor(request: AskingRequest): OutgoingHttpHeaders;
  /**
   * Those of the answer to a browser that asks whether a page may send a request with its token; undefined: it is no such question, or the
   * page may not.
   */
  preflightHeadersFor(request: AskingRequest): OutgoingHttpHeaders | undefined;
}

type AskingRequest = Pick<IncomingMessage, "method" | "headers" | "rawHeaders">;

/** For so many seconds a browser need not ask again. */
const preflightMaxAge = "600";

/**
 * Rules for pages of `allowedOrigins` and no others. Cookies are never among what they may send: a page of another origin has a token.
 */
export function createCors({ allowedOrigins = [] }: Pick<RequestPolicyOptions, "allowedOrigins">): Cors {
  const origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  const allowed = ({ headers, rawHeaders }: AskingRequest): string | undefined => {
    const { origin } = headers;
    const isAllowed =
      origin !== undefined && origins.has(origin.toLowerCase()) && countHeader(rawHeaders, "origin") === 1;
    return isAllowed ? origin : undefined;
  };
  const headersFor: Cors["headersFor"] = (request) => {
    const origin = allowed(request);
    return { vary: "origin", ...(origin !== undefined && { "access-control-allow-origin": origin }) };
  };
  return {
    headersFor,
    preflightHeadersFor(request) {
      const isAsked = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
      if (!isAsked || allowed(request) === undefined) return undefined;
      return {
        ...headersFor(request),
        "access-control-allow-methods": "GET",
        "access-control-allow-headers": "authorization",
        "access-control-max-age": preflightMaxAge,
      };
    },
  };
}
