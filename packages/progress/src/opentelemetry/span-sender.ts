import { gzip } from "node:zlib";
import { promisify } from "node:util";
import { type Clock, describeThrown } from "@netra-apex/core";
import type { OtlpEnvironment } from "./otlp-environment.ts";

/** What became of a request: taken, to be tried again (after as long as the collector asks), or never to be. */
export type SendResult =
  | { readonly kind: "taken"; readonly refused: number; readonly note?: string }
  | { readonly kind: "again"; readonly reason: string; readonly afterMs?: number }
  | { readonly kind: "refused"; readonly reason: string };

/** What OTLP allows to be tried again. */
const passingStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** More of an answer says nothing that is needed. */
const mostAnswerChars = 64 * 1024;

const compress = promisify(gzip);

/** Posts one request to a collector, and reads what it makes of it. Never rejects. */
export async function sendSpans(
  body: string,
  { url, headers, timeoutMs, compression }: OtlpEnvironment,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<SendResult> {
  const late = new AbortController();
  const cancel = clock.schedule(timeoutMs, () => late.abort(new Error(`no answer within ${timeoutMs}ms`)));
  try {
    const response = await fetch(withoutCredentials(url), {
      method: "POST",
      headers: {
        "user-agent": "netra-apex",
        ...authorization(url),
        ...headers,
        "content-type": "application/json",
        ...(compression === "gzip" && { "content-encoding": "gzip" }),
      },
      body: compression === "gzip" ? await compress(body) : body,
      // A redirected POST arrives as a GET, without its body.
      redirect: "manual",
      signal: AbortSignal.any([signal, late.signal]),
    });
    const answer = await readAnswer(response);
    return judge(response, answer, clock);
  } catch (error) {
    if (signal.aborted) return { kind: "refused", reason: describeThrown(signal.reason) };
    return { kind: "again", reason: describeFault(error) };
  } finally {
    cancel();
  }
}

function judge(response: Response, answer: string, clock: Clock): SendResult {
  const { status } = response;
  if (status >= 200 && status < 300) return judgeAnswer(answer);
  const said = answer.trim() === "" ? "" : `: ${answer.trim().replace(/\s+/g, " ").slice(0, 200)}`;
  const reason = `it answered ${status}${said}`;
  if (!passingStatuses.has(status)) return { kind: "refused", reason };
  const afterMs = retryAfter(response.headers.get("retry-after"), clock);
  return { kind: "again", reason, ...(afterMs !== undefined && { afterMs }) };
}

/** A collector may take some of the spans and refuse others (`ExportTracePartialSuccess`). */
function judgeAnswer(answer: string): SendResult {
  if (answer.trim() === "") return { kind: "taken", refused: 0 };
  let read: unknown;
  try {
    read = JSON.parse(answer);
  } catch {
    read = undefined;
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) {
    return { kind: "taken", refused: 0, note: "its answer is none of OTLP: is it a collector?" };
  }
  const partial = (read as { readonly partialSuccess?: { rejectedSpans?: unknown; errorMessage?: unknown } | null })
    .partialSuccess;
  const refused = Number(partial?.rejectedSpans ?? 0);
  const note =
    typeof partial?.errorMessage === "string" && partial.errorMessage !== "" ? partial.errorMessage : undefined;
  return {
    kind: "taken",
    refused: Number.isFinite(refused) && refused > 0 ? refused : 0,
    ...(note !== undefined && { note }),
  };
}

async function readAnswer({ body }: Response): Promise<string> {
  if (!body) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > mostAnswerChars) break;
  }
  return text;
}

/** Seconds or an HTTP date, as milliseconds from now. */
function retryAfter(value: string | null, clock: Clock): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - clock.now());
}

/** `fetch` refuses an address with a password in it. */
function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** `fetch failed` alone says nothing; its cause does. */
function describeFault(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return describeThrown(cause instanceof Error && cause.message !== "" ? cause : error);
}
