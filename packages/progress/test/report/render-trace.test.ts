import { describe, expect, it } from "vitest";
import { createRunReport } from "../../src/report/create-run-report.ts";
import { renderReport } from "../../src/report/render-report.ts";
import { shopRun } from "./shop-run.ts";

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

describe("the trace", async () => {
  const report = createRunReport(await shopRun());
  const { traceEvents } = JSON.parse(renderReport(report, "trace")) as { traceEvents: TraceEvent[] };
  const spans = traceEvents.filter(({ ph }) => ph === "X");

  it("has a span for each layer, node and attempt, in microseconds", () => {
    expect(spans).toHaveLength(report.timeline.length);
    expect(spans.find(({ name }) => name === "unit")).toMatchObject({ ts: 4_000_000, dur: 21_000_000, cat: "node" });
    expect(spans.find(({ name }) => name === "websocket")?.args).toMatchObject({
      outcome: "timed-out",
      event: expect.stringMatching(/^e\d+$/),
    });
  });

  it("nests the spans of a thread, or has them apart, as the format wants it", () => {
    for (const a of spans) {
      for (const b of spans) {
        if (a === b || a.tid !== b.tid || a.pid !== b.pid) continue;
        const [aEnd, bEnd] = [a.ts + (a.dur ?? 0), b.ts + (b.dur ?? 0)];
        const isApart = aEnd <= b.ts || bEnd <= a.ts;
        const isInside = (a.ts >= b.ts && aEnd <= bEnd) || (b.ts >= a.ts && bEnd <= aEnd);
        expect(isApart || isInside, `${a.name} and ${b.name}`).toBe(true);
      }
    }
  });

  it("names each thread that it uses, and counts what the machine gave", () => {
    const named = new Set(traceEvents.filter(({ name }) => name === "thread_name").map(({ tid }) => tid));
    expect(named).toEqual(new Set(spans.map(({ tid }) => tid)));
    expect(traceEvents.filter(({ ph, name }) => ph === "C" && name === "nodes").length).toBe(report.samples.length);
    expect(report.samples.length).toBeGreaterThan(2);
  });
});
