/** What an attribute can be. */
export type AttributeValue = string | number | boolean | readonly string[];

/** Attributes by name; those without a value, or with a number that is none, are left out. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** Something that happened within a span. Times are milliseconds since the epoch. */
export interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: Attributes;
}

/** A span as it is told, before it is written in OTLP's words. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** The parent is in another process. */
  readonly isParentRemote?: boolean;
  readonly traceState?: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** Events that there was no room for. */
  readonly droppedEvents?: number;
  readonly status: SpanStatus;
}

/** Whether what the span is about went well, where anything can be said of that. */
export type SpanStatus =
  | { readonly code: "unset" }
  | { readonly code: "ok" }
  | { readonly code: "error"; readonly message: string };

/** A test says as much as it likes; a collector refuses what is too much. */
const longestText = 8_192;

const statusCodes = { unset: 0, ok: 1, error: 2 } as const;

/** Kind of a span within one program. */
const internalKind = 1;

/** Set in `flags`: recorded; it is known whether the parent is remote; it is. As trace.proto defines them. */
const flagBits = { sampled: 0x1, hasIsRemote: 0x100, isRemote: 0x200 } as const;

/**
 * A span in the JSON of OTLP: Protobuf's mapping, but with ids in hex and enums as numbers (OTLP specification, "JSON Protobuf
 * Encoding"). Numbers of 64 bits are texts.
 */
export function encodeSpan(span: Span): string {
  const { traceId, spanId, parentSpanId, traceState, name, startMs, endMs, attributes, events, status } = span;
  return JSON.stringify({
    traceId,
    spanId,
    parentSpanId,
    traceState,
    name: cutText(name),
    kind: internalKind,
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: encodeAttributes(attributes),
    droppedAttributesCount: 0,
    events: events.map((event) => ({
      attributes: encodeAttributes(event.attributes),
      name: event.name,
      timeUnixNano: nanos(event.atMs),
      droppedAttributesCount: 0,
    })),
    droppedEventsCount: span.droppedEvents ?? 0,
    status: {
      code: statusCodes[status.code],
      ...(status.code === "error" && { message: cutText(status.message) }),
    },
    links: [],
    droppedLinksCount: 0,
    flags: flagBits.sampled | flagBits.hasIsRemote | (span.isParentRemote ? flagBits.isRemote : 0),
  });
}

/** Who speaks: the version of what makes the spans, and what they come from. */
export interface SpanSource {
  readonly resource: Attributes;
  readonly version: string | undefined;
}

/** The body of one export request (`ExportTraceServiceRequest`), around spans that are encoded already. */
export function encodeRequest({ resource, version }: SpanSource, spans: readonly string[]): string {
  const scope = { name: "netra-apex", ...(version !== undefined && { version }) };
  const source = { attributes: encodeAttributes(resource), droppedAttributesCount: 0 };
  return `{"resourceSpans":[{"resource":${JSON.stringify(source)},"scopeSpans":[{"scope":${JSON.stringify(scope)},"spans":[${spans.join(",")}]}]}]}`;
}

function encodeAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined || (typeof value === "number" && !Number.isFinite(value))
      ? []
      : [{ key, value: encodeValue(value) }],
  );
}

function encodeValue(value: AttributeValue): object {
  if (typeof value === "string") return { stringValue: cutText(value) };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
  return { arrayValue: { values: value.map(encodeValue) } };
}

/** A cut never leaves half a character, which no receiver of UTF-8 would take. */
function cutText(text: string): string {
  return text.slice(0, longestText).replace(/\p{Surrogate}/gu, "\ufffd");
}

function nanos(ms: number): string {
  return (BigInt(Math.round(ms * 1_000)) * 1_000n).toString();
}
