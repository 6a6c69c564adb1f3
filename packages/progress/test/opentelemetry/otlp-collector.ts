import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { onTestFinished } from "vitest";

/** An attribute as OTLP's JSON has it. */
interface ReceivedAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A span as a collector reads it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly ReceivedAttribute[];
  readonly events: readonly {
    readonly name: string;
    readonly timeUnixNano: string;
    readonly attributes: readonly ReceivedAttribute[];
  }[];
  readonly droppedEventsCount: number;
  readonly status: { readonly code: number; readonly message?: string };
  readonly flags: number;
}

/** One request. */
export interface ReceivedRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: { readonly name: string; readonly version?: string };
  readonly spans: readonly ReceivedSpan[];
}

/** Answers a request; `count` is 1 for the first. */
export type Answer = (response: ServerResponse, request: ReceivedRequest, count: number) => void;

/** Takes everything. */
export const accept: Answer = (response) => {
  response.setHeader("content-type", "application/json").end("{}");
};

/** A real receiver of OTLP over HTTP, which ends with the test. */
export async function startCollector(answer: Answer = accept): Promise<{
  readonly url: string;
  /** All requests, in their order, whatever was answered. */
  readonly requests: readonly ReceivedRequest[];
  /** Of those requests that were answered with 200. */
  readonly taken: () => ReceivedSpan[];
}> {
  const requests: ReceivedRequest[] = [];
  const accepted = new Set<ReceivedRequest>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const raw = Buffer.concat(chunks);
      const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
      const body = JSON.parse(text.toString("utf8")) as {
        readonly resourceSpans: readonly [
          {
            readonly resource: { readonly attributes: readonly ReceivedAttribute[] };
            readonly scopeSpans: readonly [
              { readonly scope: ReceivedRequest["scope"]; readonly spans: readonly ReceivedSpan[] },
            ];
          },
        ];
      };
      const [{ resource, scopeSpans }] = body.resourceSpans;
      const received: ReceivedRequest = {
        path: request.url ?? "",
        method: request.method ?? "",
        headers: request.headers,
        resource: attributesOf(resource),
        scope: scopeSpans[0].scope,
        spans: scopeSpans[0].spans,
      };
      requests.push(received);
      response.on("finish", () => response.statusCode === 200 && accepted.add(received));
      answer(response, received, requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    taken: () => requests.filter((request) => accepted.has(request)).flatMap(({ spans }) => spans),
  };
}

/** Attributes as plain values. */
export function attributesOf({
  attributes,
}: {
  readonly attributes: readonly ReceivedAttribute[];
}): Record<string, unknown> {
  const plain = (value: Readonly<Record<string, unknown>>): unknown => {
    const [kind, content] = Object.entries(value)[0] ?? [];
    if (kind !== "arrayValue") return content;
    return (content as { readonly values: readonly Readonly<Record<string, unknown>>[] }).values.map(plain);
  };
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));
}
