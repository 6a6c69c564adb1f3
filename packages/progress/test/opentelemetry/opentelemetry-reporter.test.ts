import type { RunEvent } from "@netra-apex/core";
import { beforeAll, describe, expect, it } from "vitest";
import { createOpenTelemetryReporter } from "../../src/opentelemetry/opentelemetry-reporter.ts";
import { EventScript, scriptPlan } from "../event-script.ts";
import { shopRun } from "../report/shop-run.ts";
import { brokenByOutage, lacking, quickStart, restart, serviceRun } from "../service-run.ts";
import { attributesOf, type ReceivedSpan, startCollector } from "./otlp-collector.ts";

let events: readonly RunEvent[];
beforeAll(async () => {
  events = await shopRun();
});

/** Plays a run to the reporter, with a real collector; gives what that took. */
async function exported(
  run: readonly RunEvent[],
  env: Record<string, string> = {},
): Promise<Awaited<ReturnType<typeof startCollector>> & { readonly spans: readonly ReceivedSpan[] }> {
  const collector = await startCollector();
  const reporter = createOpenTelemetryReporter({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
    closeMs: 30_000,
  });
  for (const event of run) reporter.onEvent(event);
  await reporter.close?.();
  return { ...collector, spans: collector.taken() };
}

function pick(spans: readonly ReceivedSpan[], name: string): ReceivedSpan & { readonly own: Record<string, unknown> } {
  const span = spans.find((one) => one.name === name);
  if (!span) throw new Error(`no span is named ${name}`);
  return { ...span, own: attributesOf(span) };
}

describe("the spans of a run", () => {
  it("are a tree: run, layers, nodes, attempts, tests, each within its parent's time", async () => {
    const { spans } = await exported(events);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    expect(byId.size).toBe(spans.length);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(roots.map(({ name }) => name)).toEqual(["apex run nightly"]);
    for (const span of spans) {
      expect(span.traceId).toMatch(/^[\da-f]{32}$/);
      expect(span.spanId).toMatch(/^[\da-f]{16}$/);
      const [start, end] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)];
      expect(end >= start, `${span.name} fits`).toBe(true);
      const parent = byId.get(span.parentSpanId ?? "");
      if (span.parentSpanId === undefined) continue;
      expect(parent, `${span.name} fits`).toBeDefined();
      expect(start >= BigInt(parent?.startTimeUnixNano ?? 0), `${span.name} fits`).toBe(true);
      expect(end <= BigInt(parent?.endTimeUnixNano ?? 0), `${span.name} fits`).toBe(true);
    }
    const path: string[] = [];
    for (let span = spans.find(({ name }) => name === "adds up"); span; span = byId.get(span.parentSpanId ?? "")) {
      path.push(span.name);
    }
    expect(path).toEqual(["adds up", "api#2 attempt 1", "api#2", "layer core_integration", "apex run nightly"]);
    const tests = spans.filter((span) => "test.case.name" in attributesOf(span));
    expect(tests).toHaveLength(events.filter(({ type }) => type === "test_completed").length);
  });

  it("say of a failed test what it said, by OpenTelemetry's names", async () => {
    const { spans } = await exported(events);
    const { own, status, events: told, startTimeUnixNano, endTimeUnixNano } = pick(spans, "adds up");
    expect(own).toMatchObject({
      "test.case.name": "Checkout > with <b>coupons</b> | and pipes > adds up",
      "test.case.result.status": "fail",
      "test.suite.name": "Checkout > with <b>coupons</b> | and pipes",
      "code.file.path": "test/checkout.test.ts",
      "code.line.number": 77,
      "error.type": "assertion",
    });
    expect(status).toEqual({ code: 2, message: 'expected "12,50 €" to be "12.50 €"' });
    expect(told.map((event) => [event.name, attributesOf(event)])).toEqual([
      [
        "exception",
        {
          "exception.type": "TestFailure",
          "exception.message": 'expected "12,50 €" to be "12.50 €"',
          "exception.stacktrace": expect.stringContaining("at /code/shop/test/checkout.test.ts:48:12"),
        },
      ],
    ]);
    expect(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)).toBe(812_000_000n);
  });

  it("say how nodes and the run ended, what was flaky and what was tried again", async () => {
    const { spans, requests } = await exported(events);
    const database = pick(spans, "database");
    expect(database.own).toMatchObject({ "apex.flaky": true, "apex.attempts": 2, "test.suite.run.status": "success" });
    expect(database.events.map(({ name }) => name)).toEqual(["apex.retry"]);
    expect(pick(spans, "database attempt 1")).toMatchObject({ status: { code: 2 } });
    expect(pick(spans, "database attempt 2")).toMatchObject({ status: { code: 1 } });
    expect(pick(spans, "websocket").own).toMatchObject({
      "test.suite.run.status": "timed_out",
      "error.type": "timeout",
    });
    const run = pick(spans, "apex run nightly");
    expect(run.status).toMatchObject({ code: 2 });
    expect(run.own).toMatchObject({
      "cicd.pipeline.task.type": "test",
      "cicd.pipeline.task.run.id": "20260131-120000-5h0p",
      "cicd.pipeline.task.run.result": "failure",
      "vcs.ref.head.revision": "4ac92c7d1e",
      "vcs.ref.head.name": "main",
      "apex.command": ["run", "--mode", "nightly"],
      "apex.exit_code": 1,
      "apex.tests.failed": 3,
    });
    expect(run.events.map(({ name }) => name)).toContain("apex.layer.not_started");
    expect(requests[0]).toMatchObject({
      path: "/v1/traces",
      method: "POST",
      headers: { "content-type": "application/json" },
      scope: { name: "netra-apex", version: "0.1.0" },
      resource: { "service.name": "netra-apex", "os.type": "linux", "host.arch": "amd64" },
    });
  });

  it("are the same when the run is told again", async () => {
    const [first, again] = [await exported(events), await exported(events)];
    expect(again.spans).toEqual(first.spans);
    const others = await exported(await shopRun({ runId: "20260131-120000-other" }));
    const ids = new Set(first.spans.map(({ spanId }) => spanId));
    expect(others.spans.filter(({ spanId }) => ids.has(spanId))).toEqual([]);
    expect(others.spans[0]?.traceId).not.toBe(first.spans[0]?.traceId);
  });

  it("are a part of the trace that the run was called in", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const env = { TRACEPARENT: `00-${traceId}-b7ad6b7169203331-01`, TRACESTATE: "vendor=1" };
    const { spans } = await exported(events, env);
    expect(new Set(spans.map((span) => `${span.traceId} ${span.traceState}`))).toEqual(
      new Set([`${traceId} vendor=1`]),
    );
    expect(pick(spans, "apex run nightly")).toMatchObject({ parentSpanId: "b7ad6b7169203331", flags: 0x301 });
    expect(pick(spans, "adds up").flags).toBe(0x101);
  });

  it("tell of outages, and of what was not there", async () => {
    const { spans } = await exported(
      await serviceRun(
        {
          before: { core: quickStart },
          during: { core: restart(500, "2026-01-31T12:00:02.000Z") },
          missing: { load: lacking },
        },
        brokenByOutage,
      ),
    );
    const outage = pick(spans, "outage of postgresql");
    expect(outage.own).toMatchObject({ "apex.service": "postgresql", "apex.is_over": true });
    expect(BigInt(outage.endTimeUnixNano) - BigInt(outage.startTimeUnixNano)).toBe(2_300_000_000n);
    expect(outage.startTimeUnixNano).toBe(`${Date.parse("2026-01-31T12:00:02.000Z")}000000`);
    const missing = pick(spans, "apex run").events.find(({ name }) => name === "apex.resources.missing");
    expect(missing && attributesOf(missing)["apex.missing"]).toEqual([
      expect.stringContaining("kafka"),
      expect.stringContaining("8080"),
      expect.stringContaining("memory"),
    ]);
  });

  it("end with the last event where the run was interrupted", async () => {
    const cut = events.slice(0, events.findIndex(({ type }) => type === "test_completed") + 2);
    const { spans } = await exported(cut);
    const lastMs = Date.parse(cut.at(-1)?.at ?? "");
    expect(pick(spans, "apex run nightly")).toMatchObject({
      status: { code: 2, message: "no end is recorded" },
      endTimeUnixNano: `${lastMs}000000`,
    });
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId))).toEqual([]);
  });

  it("carry no more events than a collector takes by default", async () => {
    const script = new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }]));
    for (let count = 0; count < 200; count += 1) script.event({ type: "alert_cleared", rule: `rule ${count}` });
    const { spans } = await exported(script.runCompleted().events);
    expect(pick(spans, "apex run")).toMatchObject({ droppedEventsCount: 72, events: { length: 128 } });
  });

  it("are sent compressed, with the headers that are asked for", async () => {
    const { requests, spans } = await exported(events, {
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=s3cret",
    });
    expect(requests[0]?.headers).toMatchObject({ "content-encoding": "gzip", "api-key": "s3cret" });
    expect(spans.length).toBeGreaterThan(60);
  });

  it("are not made where OpenTelemetry is switched off", async () => {
    const { requests } = await exported(events, { OTEL_SDK_DISABLED: "true" });
    expect(requests).toEqual([]);
  });
});
