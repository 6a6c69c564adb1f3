import { writeFileSync } from "node:fs";
import path from "node:path";
import { encodeEvent, type RunEvent } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { JournalDamagedError, JournalUnreadableError, readJournal } from "../../src/journal/read-journal.ts";
import { temporaryDirectory } from "../rig/temporary-store.ts";

const blockBytes = 256 * 1024;

function output(seq: number, text: string): RunEvent {
  const envelope = { version: 1, seq, at: "2026-01-31T12:00:00.000Z", runId: "20260131-120000-reading1" };
  return { ...envelope, type: "output", nodeId: "unit", attempt: 1, text };
}

function fileOf(content: string | Buffer): string {
  const file = path.join(temporaryDirectory(), "events.ndjson");
  writeFileSync(file, content);
  return file;
}

function read(file: string) {
  const events: RunEvent[] = [];
  const reader = readJournal(file);
  for (;;) {
    const next = reader.next();
    if (next.done) return { events, ...next.value };
    events.push(next.value);
  }
}

const lines = (...events: readonly RunEvent[]): string => events.map((event) => `${encodeEvent(event)}\n`).join("");

describe("reading a journal", () => {
  it("gives nothing for an empty one", () => {
    expect(read(fileOf(""))).toEqual({ events: [], skipped: [], isTorn: false });
  });

  it("keeps characters whole that lie across the blocks in which it is read", () => {
    const head = lines(output(1, "")).length;
    for (const shift of [0, 1, 2, 3]) {
      // Four bytes each: one of them lies across the border in three of the four.
      const events = [output(1, "x".repeat(blockBytes - head * 2 - 8 + shift)), output(2, "🚀".repeat(100_000))];
      expect(read(fileOf(lines(...events))).events).toEqual(events);
    }
  });

  it("reads lines of many megabytes", () => {
    const events = [1, 2, 3].map((seq) => output(seq, String(seq).repeat(10_000_000)));
    expect(read(fileOf(lines(...events))).events.map((event) => "text" in event && event.text.length)).toEqual([
      10_000_000, 10_000_000, 10_000_000,
    ]);
  });

  it("leaves out a last line that was cut off, wherever that was", () => {
    const text = Buffer.from(lines(output(1, "a"), output(2, "ü🚀")));
    const first = Buffer.byteLength(lines(output(1, "a")));
    for (let length = first + 1; length < text.length - 1; length += 1) {
      expect(read(fileOf(text.subarray(0, length))), `${length} bytes`).toMatchObject({
        events: [output(1, "a")],
        isTorn: true,
      });
    }
    expect(read(fileOf(text.subarray(0, text.length - 1)))).toMatchObject({
      events: [output(1, "a"), output(2, "ü🚀")],
      isTorn: false,
    });
  });

  it("names the line that is damaged, after all events before it", () => {
    const file = fileOf(`${lines(output(1, "a"))}{"version":1,\n${lines(output(3, "c"))}`);
    const seen: RunEvent[] = [];
    const reading = (): void => {
      for (const event of readJournal(file)) seen.push(event);
    };
    expect(reading).toThrow(JournalDamagedError);
    expect(reading).toThrow(`${file}:2: not JSON`);
    expect(seen).toEqual([output(1, "a"), output(1, "a")]);
  });

  it("skips and counts what a newer apex has told in ways of its own", () => {
    const newer = { ...output(2, ""), version: 2, type: "moon_landed" };
    const changed = { ...output(3, ""), version: 2, text: { lines: ["not", "a", "text"] } };
    const file = fileOf(`${lines(output(1, "a"))}${JSON.stringify(newer)}\n${JSON.stringify(changed)}\n`);
    expect(read(file)).toEqual({ events: [output(1, "a")], skipped: [2, 3], isTorn: false });
  });

  it("takes lines that an editor has ended as Windows does", () => {
    expect(read(fileOf(lines(output(1, "a"), output(2, "b")).replaceAll("\n", "\r\n"))).events).toHaveLength(2);
  });

  it("says that the file cannot be read where there is none", () => {
    expect(() => read(path.join(temporaryDirectory(), "none"))).toThrow(JournalUnreadableError);
    expect(() => read(temporaryDirectory())).toThrow(JournalUnreadableError);
  });
});
