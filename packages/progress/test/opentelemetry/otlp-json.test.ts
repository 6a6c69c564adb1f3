import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Attributes, encodeRequest, encodeSpan, type Span } from "../../src/opentelemetry/otlp-json.ts";

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom("1", "2", "7", "9", "a", "c", "f"), minLength: length, maxLength: length });
const text = fc.string({ unit: "grapheme", maxLength: 40 });
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(
  fc.stringMatching(/^[a-z.]{1,12}$/),
  fc.oneof(
    text,
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(text, { maxLength: 3 }),
  ),
  { noNullPrototype: true },
);
const timeMs = fc.integer({ min: 0, max: 4_102_444_800_000 });
const span: fc.Arbitrary<Span> = fc.record(
  {
    traceId: hex(32),
    spanId: hex(16),
    parentSpanId: hex(16),
    name: text,
    startMs: timeMs,
    endMs: timeMs,
    attributes,
    events: fc.array(fc.record({ name: text, atMs: timeMs, attributes }), { maxLength: 3 }),
    status: fc.oneof(
      fc.constantFrom<Span["status"]>({ code: "unset" }, { code: "ok" }),
      fc.record({ code: fc.constant("error" as const), message: text }),
    ),
    isParentRemote: fc.boolean(),
  },
  { requiredKeys: ["traceId", "spanId", "name", "startMs", "endMs", "attributes", "events", "status"] },
);

/** What OpenTelemetry's own serializer writes for the same spans. */
function officialJson(spans: readonly Span[], attributesOfAll: Attributes): unknown {
  // Spans are of the same resource where it is the same object.
  const resource = { attributes: attributesOfAll };
  const readable = spans.map((one) => ({
    name: one.name,
    kind: SpanKind.INTERNAL,
    spanContext: () => ({ traceId: one.traceId, spanId: one.spanId, traceFlags: 1 }),
    ...(one.parentSpanId !== undefined && {
      parentSpanContext: {
        traceId: one.traceId,
        spanId: one.parentSpanId,
        traceFlags: 1,
        isRemote: one.isParentRemote ?? false,
      },
    }),
    startTime: hrTime(one.startMs),
    endTime: hrTime(one.endMs),
    status:
      one.status.code === "error"
        ? { code: SpanStatusCode.ERROR, message: one.status.message }
        : { code: one.status.code === "ok" ? SpanStatusCode.OK : SpanStatusCode.UNSET },
    attributes: one.attributes,
    links: [],
    events: one.events.map(({ name, atMs, attributes: own }) => ({ name, time: hrTime(atMs), attributes: own })),
    duration: [0, 0],
    ended: true,
    resource,
    instrumentationScope: { name: "netra-apex", version: "1.2.3" },
    droppedAttributesCount: 0,
    droppedEventsCount: one.droppedEvents ?? 0,
    droppedLinksCount: 0,
  }));
  type Readable = Parameters<typeof JsonTraceSerializer.serializeRequest>[0];
  const bytes = JsonTraceSerializer.serializeRequest(readable as unknown as Readable);
  return JSON.parse(new TextDecoder().decode(bytes));
}

function hrTime(ms: number): [number, number] {
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];
}

describe("the JSON of OTLP", () => {
  it("is what OpenTelemetry's own serializer writes", () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 4 }), attributes, (spans, resource) => {
        // Only a parent can be remote.
        const own = spans.map((one) => (one.parentSpanId === undefined ? { ...one, isParentRemote: false } : one));
        const body = encodeRequest({ resource, version: "1.2.3" }, own.map(encodeSpan));
        expect(JSON.parse(body)).toEqual(officialJson(own, resource));
      }),
    );
  });

  it("leaves out what no number is, and cuts what is too long between characters", () => {
    const encoded = JSON.parse(
      encodeSpan({
        traceId: "1".repeat(32),
        spanId: "2".repeat(16),
        name: `${"x".repeat(8_191)}😀`,
        startMs: 1,
        endMs: 2.5,
        attributes: { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: undefined, d: 0 },
        events: [],
        status: { code: "error", message: "\ud800 half" },
      }),
    );
    expect(encoded).toMatchObject({
      name: `${"x".repeat(8_191)}\ufffd`,
      startTimeUnixNano: "1000000",
      endTimeUnixNano: "2500000",
      attributes: [{ key: "d", value: { intValue: 0 } }],
      status: { code: 2, message: "\ufffd half" },
    });
  });
});
