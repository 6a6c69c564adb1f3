import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pageDirectory } from "./page-directory.ts";
import { PageMissingError } from "./page-missing-error.ts";

/** How the live page is served. */
export interface PageHandlerOptions {
  /** Where its built files are; beside this program when absent. */
  readonly directory?: string;
}

/** Answers a request if it is one for the live page, and says whether it did. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A file of the page, as it is sent. */
interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

/**
 * Makes the handler of the live page: `/` is the page, which follows the hub of the same host and asks nobody else for anything.
 * The page itself tells nothing of a run, so everybody may load it; what it shows comes over the hub's socket, for those who
 * have a token where the hub wants one (in the address's fragment: `/#token=…`). Throws `PageMissingError` where its files are not.
 */
export function createPageHandler({ directory = pageDirectory() }: PageHandlerOptions = {}): PageHandler {
  const files: ReadonlyMap<string, PageFile> = new Map([
    ["/", pageFile("text/html; charset=utf-8", Buffer.from(pageHtml))],
    ["/app.js", readPageFile(directory, "app.js", "text/javascript; charset=utf-8")],
    ["/app.css", readPageFile(directory, "app.css", "text/css; charset=utf-8")],
  ]);
  return (request, response) => {
    const path = pathOf(request.url);
    const file = path === undefined ? undefined : files.get(path);
    if (!file) return false;
    answer(request, response, file);
    return true;
  };
}

const pageHtml = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>apex</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/app.css">
<script type="module" src="/app.js"></script>
</head>
<body>
<div id="app"><noscript>This page shows a run while it goes on, and needs JavaScript for it.</noscript></div>
</body>
</html>
`;

function answer(request: IncomingMessage, response: ServerResponse, { type, body, etag }: PageFile): void {
  const { method } = request;
  const common = {
    "Content-Security-Policy": contentPolicy(request.headers.host),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    // Always asked for again, so that the page is never older than the hub; the answer is nearly always 304.
    "Cache-Control": "no-cache",
    ETag: etag,
  };
  if (method !== "GET" && method !== "HEAD") {
    response.writeHead(405, { ...common, Allow: "GET, HEAD" }).end();
  } else if (request.headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) {
    response.writeHead(304, common).end();
  } else {
    response.writeHead(200, { ...common, "Content-Type": type, "Content-Length": body.length });
    response.end(method === "HEAD" ? undefined : body);
  }
}

/** Nothing but the page's own script, style and socket. Older browsers do not count a socket of the same host as their own. */
function contentPolicy(host: string | undefined): string {
  // What a client sends as its host ends up in a header.
  const sockets = host !== undefined && /^[\w.:[\]-]+$/.test(host) ? ` ws://${host} wss://${host}` : "";
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src data:",
    `connect-src 'self'${sockets}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function pathOf(url: string | undefined): string | undefined {
  return url?.replace(/[?#].*$/s, "");
}

function readPageFile(directory: string, name: string, type: string): PageFile {
  try {
    return pageFile(type, readFileSync(`${directory}/${name}`));
  } catch (error) {
    throw new PageMissingError(directory, error);
  }
}

function pageFile(type: string, body: Buffer): PageFile {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { type, body, etag };
}
