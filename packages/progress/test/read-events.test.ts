import { spawnSync } from "node:child_process";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { RunEvent } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { type EventReader, type EventInput, readEvents } from "../src/read-events.ts";
import { scriptTest } from "./event-script.ts";
import { failingRun } from "./runs.ts";

const { events } = failingRun().event({
  type: "test_completed",
  nodeId: "unit",
  attempt: 1,
  test: scriptTest("schließt 漢字 🚀 ab"),
});
const ndjson = events.map((event) => `${JSON.stringify(event)}\n`).join("");
const bytes = new TextEncoder().encode(ndjson);

async function* inPieces<Piece>(whole: { slice(from: number, to: number): Piece; length: number }, size: number) {
  for (let at = 0; at < whole.length; at += size) yield whole.slice(at, at + size);
}

async function all(source: EventInput): Promise<{ readonly events: RunEvent[]; readonly reader: EventReader }> {
  const reader = readEvents(source);
  const read: RunEvent[] = [];
  for await (const event of reader) read.push(event);
  return { events: read, reader };
}

const oneText = (text: string): EventInput => inPieces(text, text.length || 1);

describe("readEvents", () => {
  it.each([1, 2, 3, 7, 64, 65_536])(
    "reads bytes that are cut every %i bytes, also within a character",
    async (size) => {
      const { events: read, reader } = await all(inPieces(bytes, size));
      expect(read).toEqual(events);
      expect({ skipped: reader.skipped, isTorn: reader.isTorn }).toEqual({ skipped: 0, isTorn: false });
    },
  );

  it.each<[string, () => EventInput]>([
    ["a stream of Node", () => Readable.from([Buffer.from(bytes)])],
    ["a stream of Node that decodes", () => Readable.from([Buffer.from(bytes)]).setEncoding("utf8")],
    ["a stream of the web", () => new Blob([bytes]).stream()],
    ["a generator of texts", () => inPieces(ndjson, 5)],
    ["bytes of PowerShell", () => inPieces(new TextEncoder().encode(`\ufeff${ndjson.replaceAll("\n", "\r\n")}`), 7)],
    ["texts of PowerShell", () => oneText(`\ufeff${ndjson.replaceAll("\n", "\r\n")}\r\n`)],
  ])("reads %s", async (_, source) => {
    expect((await all(source())).events).toEqual(events);
  });

  it("gives each event as soon as its line is there", async () => {
    const [first, second] = events.map((event) => `${JSON.stringify(event)}\n`);
    const asked: string[] = [];
    async function* slowly() {
      asked.push("first");
      yield `${first}${second?.slice(0, 9)}`;
      asked.push("second");
      yield second?.slice(9) ?? "";
    }
    const seen: string[] = [];
    for await (const event of readEvents(slowly())) seen.push(`${event.seq} after ${asked.at(-1)}`);
    expect(seen).toEqual(["1 after first", "2 after second"]);
  });

  it("leaves out what it does not know, and counts it", async () => {
    const [start] = events;
    const unknown = JSON.stringify({ ...start, type: "moon_rose", seq: 2 });
    const { events: read, reader } = await all(oneText(`${JSON.stringify(start)}\n${unknown}\n${unknown}\n`));
    expect(read).toEqual([start]);
    expect(reader.skipped).toBe(2);
  });

  it("says which line is broken", async () => {
    const broken = `${JSON.stringify(events[0])}\n\nwarning: something else\n${JSON.stringify(events[1])}\n`;
    await expect(all(oneText(broken))).rejects.toMatchObject({
      code: "APEX_EVENT_INVALID",
      lineNumber: 3,
      message: expect.stringMatching(/^line 3: not JSON/),
      hint: expect.stringContaining("one event of JSON per line"),
    });
  });

  it("tells that the last line was cut off, and gives what came before", async () => {
    const { events: read, reader } = await all(inPieces(bytes.slice(0, -40), 100));
    expect(read).toEqual(events.slice(0, -1));
    expect(reader.isTorn).toBe(true);
  });

  it("takes a last line without its end, and nothing at all", async () => {
    expect((await all(oneText(ndjson.trimEnd()))).events).toEqual(events);
    const { events: none, reader } = await all(oneText(""));
    expect({ none, isTorn: reader.isTorn }).toEqual({ none: [], isTorn: false });
  });

  it("loads no reporter", () => {
    const script = `
      import { registerHooks } from "node:module";
      import { writeSync } from "node:fs";
      registerHooks({ load: (url, context, next) => (writeSync(1, url + "\\n"), next(url, context)) });
      const { readEvents } = await import("@netra-apex/progress");
      for await (const _ of readEvents((async function* () {})()));
    `;
    const args = ["--conditions=@netra-apex/source", "--input-type=module", "--eval", script];
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    const { stdout, status } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
    expect(status).toBe(0);
    expect(stdout).toContain("read-events.ts");
    expect(stdout).not.toMatch(/(simple|rich|json|log|report)-reporter\.ts|live-screen|report\/index/);
  });
});
