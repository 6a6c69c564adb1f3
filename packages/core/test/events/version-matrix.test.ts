import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { recoverRun } from "../../src/engine/recover.ts";
import { encodeEvent, parseEventLog } from "../../src/events/event-codec.ts";

const textOf = (...names: readonly string[]): string => readFileSync(path.join(import.meta.dirname, ...names), "utf8");

describe("a log of a newer version, read by this one", () => {
  const text = textOf("future", "v2.ndjson");
  const written = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly type: string; readonly seq: number });
  const log = parseEventLog(text);

  it("gives every event that is told as it is today, with the fields that are new", () => {
    expect(log.torn).toBe(false);
    expect(log.events.length + log.skipped.length).toBe(written.length);
    expect(log.events.map(({ seq }) => seq)).toEqual(
      written.flatMap(({ seq }) => (log.skipped.includes(seq) ? [] : [seq])),
    );
    for (const event of log.events) expect(written[event.seq - 1]).toEqual(event);
  });

  it("names those of new types and those that are told in other words", () => {
    const skipped = new Set(log.skipped.map((seq) => written[seq - 1]?.type));
    expect(skipped).toEqual(new Set(["node_placed", "output", "resource_sampled"]));
  });

  it("is no log with gaps for a resume, which finds every pass in it", () => {
    const passed = written.flatMap((event) => {
      const { type, nodeId, outcome } = event as { type: string; nodeId?: string; outcome?: { status: string } };
      return type === "node_completed" && outcome?.status === "passed" && nodeId !== undefined ? [nodeId] : [];
    });
    const { isFinished, kept } = recoverRun(log.events, { skipped: log.skipped });
    expect(isFinished).toBe(false);
    expect(passed.length).toBeGreaterThan(0);
    expect([...kept.keys()].sort()).toEqual([...new Set(passed)].sort());
    expect(() => recoverRun(log.events)).toThrow(/missing/);
  });
});

describe("a log of an older version, read by this one", () => {
  it.each(readdirSync(path.join(import.meta.dirname, "fixtures")))("is what it was before: %s", (name) => {
    const text = textOf("fixtures", name);
    const { events } = parseEventLog(text);
    // As a version before the first might have told it: nodes under another name.
    const older = events.map((event) => {
      const { nodeId, ...rest } = JSON.parse(encodeEvent(event)) as Record<string, unknown>;
      return JSON.stringify({ ...rest, version: 0, ...(nodeId === undefined ? {} : { node: nodeId }) });
    });
    const upgraded = parseEventLog(`${older.join("\n")}\n`, {
      upgrades: { 0: ({ node, ...rest }) => (node === undefined ? rest : { ...rest, nodeId: node }) },
    });
    expect(upgraded).toEqual({ events, skipped: [], torn: false });
  });
});
