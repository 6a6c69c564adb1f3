import type { IncomingMessage } from "node:http";
import { type HealthCheck, outputPattern } from "@netra-apex/core";
import type { RawData, WebSocket } from "ws";
import { isLoopback } from "./connection-problem.ts";
import { requestProblem } from "./ask-http.ts";
import { excerpt, type Look, notReady, type NotReady, type ProbeResult, ready } from "./probe.ts";

type WebSocketCheck = Extract<HealthCheck, { kind: "websocket" }>;

/** Who is open for so long without an answer to a ping, and without closing, does not answer pings. */
const pongMs = 250;

/** Messages of a health check are short. */
const longestMessage = 256 * 1024;

/**
 * Opens a WebSocket, and says and expects one message where that is wanted; else a ping shows that it does not close at once.
 * A server that refuses a client with nothing to show for itself is there: it may want a token.
 */
export async function askWebSocket(check: WebSocketCheck, look: Look): Promise<ProbeResult> {
  const url = new URL(check.url);
  url.hash = "";
  const { WebSocket } = await import("ws");
  if (look.signal.aborted) return notReady("no-answer", url.host);
  const socket = new WebSocket(url, check.subprotocol === undefined ? [] : [check.subprotocol], {
    headers: { ...check.headers },
    followRedirects: false,
    perMessageDeflate: false,
    maxPayload: longestMessage,
    // Nobody signs the certificates of this machine.
    rejectUnauthorized: !isLoopback(url.hostname),
  });
  return new Promise<ProbeResult>((resolve) => observe(socket, check, url, { look, resolve }));
}

function observe(
  socket: WebSocket,
  check: WebSocketCheck,
  url: URL,
  { look, resolve }: { readonly look: Look; readonly resolve: (result: ProbeResult) => void },
): void {
  const where = `${url.host}${url.pathname}`;
  let timer: NodeJS.Timeout | undefined;
  let heard = "nothing";
  const wanted = check.expect === undefined ? undefined : outputPattern(check.expect);
  look.signal.addEventListener("abort", () => {
    clearTimeout(timer);
    if (socket.readyState === socket.OPEN) socket.close(1000);
    // Who does not close its side gets no more of our time.
    setImmediate(() => socket.terminate());
  });
  socket.on("open", () => {
    if (check.say !== undefined) socket.send(check.say);
    if (check.expect !== undefined) {
      look.note(`${where} has opened, and has said nothing that matches ${excerpt(check.expect)}`);
      return;
    }
    socket.ping();
    timer = setTimeout(() => resolve(ready()), Math.min(pongMs, look.deadlineMs / 2));
  });
  socket.on("pong", () => {
    if (!wanted) resolve(ready());
  });
  socket.on("message", (data: RawData) => {
    heard = excerpt(textOf(data));
    if (wanted?.test(textOf(data))) resolve(ready());
    else look.note(`${where} has said ${heard}, and nothing that matches ${excerpt(check.expect ?? "")}`);
  });
  socket.on("close", (code, reason) => resolve(closeProblem(code, reason.toString("utf8"), where)));
  socket.on("unexpected-response", (_, response: IncomingMessage) => {
    resolve(judgeRefusal(response.statusCode ?? 0, check, where));
  });
  socket.on("error", (error: Error) => resolve(socketProblem(error, check, url)));
}

function textOf(data: RawData): string {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  return bytes.toString("utf8");
}

/** A server of WebSockets may want a token, another path or a subprotocol; any 4xx shows one who asks for nothing that it is there. */
function judgeRefusal(status: number, check: WebSocketCheck, where: string): ProbeResult {
  const isBareLook = [check.headers, check.subprotocol, check.say, check.expect].every((part) => part === undefined);
  if (status >= 400 && status < 500 && isBareLook) return ready();
  if (status === 401 || status === 403) {
    return notReady("refused", `${where} does not take the credentials: it answers ${status}`);
  }
  const detail = `${where} answers ${status} instead of opening a WebSocket`;
  return notReady(status >= 400 ? "unhealthy" : "other-program", detail);
}

/** What closing codes mean: https://www.rfc-editor.org/rfc/rfc6455#section-7.4; those from 4000 on are customs. */
function closeProblem(code: number, reason: string, where: string): NotReady {
  const said = reason === "" ? "" : `, and says ${excerpt(reason, 123)}`;
  const closes = `${where} opens and closes again (${code}: ${closeMeaning(code)})${said}`;
  const isRefusal = code === 1008 || code === 3000 || code === 3003 || code === 4401 || code === 4403;
  return notReady(isRefusal ? "refused" : "unhealthy", closes);
}

function closeMeaning(code: number): string {
  const meanings: Readonly<Record<number, string>> = {
    1000: "a normal end",
    1001: "it goes away",
    1002: "a fault of the protocol",
    1003: "it does not take such data",
    1005: "no reason given",
    1006: "without a goodbye",
    1007: "it does not take such data",
    1008: "against its policy",
    1009: "the message is too long for it",
    1010: "it lacks an extension",
    1011: "a fault of the server",
    1012: "it restarts",
    1013: "try again later",
    1014: "a gateway has no server behind it",
    3000: "not authenticated",
    3003: "not allowed",
    4401: "the credentials are refused",
    4403: "not allowed",
    4408: "it has lost patience",
    4429: "too many clients",
  };
  return meanings[code] ?? (code >= 4000 ? "a reason of its own" : "a reason that is not known");
}

function socketProblem(error: Error, { subprotocol }: WebSocketCheck, url: URL): NotReady {
  const { message } = error;
  if (/subprotocol/i.test(message)) {
    const wanted = subprotocol === undefined ? "none" : excerpt(subprotocol);
    return notReady("unhealthy", `${url.host}${url.pathname} does not choose the subprotocol ${wanted} (${message})`);
  }
  const isOfProtocol = "code" in error && String(error.code).startsWith("WS_ERR_");
  if (isOfProtocol || /^(Invalid|Server sent)/.test(message)) {
    return notReady("other-program", `what listens on ${url.host} speaks no WebSocket: ${message}`);
  }
  return requestProblem(error, url);
}
