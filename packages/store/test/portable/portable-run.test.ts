import { createWriteStream, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createGzip, gunzipSync, gzipSync } from "node:zlib";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { exportRun, importRun, journalOf, PortableRunError, Store } from "../../src/index.ts";
import { answersOf } from "../rig/answers.ts";
import { journalRun, keepRuns } from "../rig/keep-run.ts";
import { sampleRuns } from "../rig/sample-runs.ts";
import { temporaryDirectory, temporaryStore } from "../rig/temporary-store.ts";

const runId = "20260131-120000-portable";
const tests = [{ test: "a.test.ts::a line \u2028 of\u2029 its own \r and “näht”" }];

async function exported() {
  const store = temporaryStore();
  await journalRun(store, { runId, nodes: [{ id: "unit", script: [{ tests }] }] });
  const file = path.join(temporaryDirectory(), "run.apexrun");
  await exportRun(store, runId, file);
  const journal = readFileSync(journalOf(store, runId), "utf8");
  return { store, file, journal, bytes: readFileSync(file) };
}

function runsIn(store: string): string[] {
  const runs = path.join(store, "runs");
  return existsSync(runs) ? readdirSync(runs) : [];
}

/** Tries to take content in; expects a refusal that leaves nothing behind, and returns what it says. */
async function refused(content: string | Buffer): Promise<string> {
  const file = path.join(temporaryDirectory(), "file");
  writeFileSync(file, content);
  const store = temporaryStore();
  const error: unknown = await importRun(store, file).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PortableRunError);
  expect(runsIn(store)).toEqual([]);
  return (error as PortableRunError).message.replace(file, "FILE");
}

describe("a run in one file", () => {
  it("gives another store the same history, and the same bytes", async () => {
    const from = temporaryStore();
    const source = await Store.open(from);
    await keepRuns(source, from, sampleRuns);
    const to = temporaryStore();
    for (const { runId: id } of sampleRuns) {
      const file = path.join(temporaryDirectory(), "run");
      await exportRun(from, id, file);
      expect(await importRun(to, file)).toEqual({ runId: id, wasKnown: false });
      expect(readFileSync(journalOf(to, id))).toEqual(readFileSync(journalOf(from, id)));
    }
    const target = await Store.open(to);
    expect((await target.catchUp()).recorded).toHaveLength(3);
    const { open, passes, runs, ...known } = answersOf(target);
    const { open: _open, passes: _passes, runs: theirs, ...expected } = answersOf(source);
    expect(known).toEqual(expected);
    expect(runs).toEqual(theirs.map((run) => ({ ...run, isImported: true })));
    // What failed elsewhere is not this project's to run again.
    expect([open, passes]).toEqual([undefined, []]);
    expect(readFileSync(path.join(to, ".gitignore"), "utf8")).toBe("*\n");
    source.close();
    target.close();
  });

  it("is known the second time, and refused where it differs from what is there", async () => {
    const { store, file, bytes } = await exported();
    const other = temporaryStore();
    await importRun(other, file);
    expect(await importRun(other, file)).toEqual({ runId, wasKnown: true });
    expect(await importRun(store, file)).toEqual({ runId, wasKnown: true });
    const lines = gunzipSync(bytes).toString().trimEnd().split("\n");
    writeFileSync(file, lines.slice(0, -1).join("\n"));
    await expect(importRun(other, file)).rejects.toThrow(`the store has a run ${runId} already, and it is another one`);
    expect(runsIn(other)).toEqual([runId]);
  });

  it("is the events of apex run --json as well, compressed or not", async () => {
    const { journal } = await exported();
    for (const content of [journal, gzipSync(journal), journal.replaceAll("\n", "\r\n")]) {
      const file = path.join(temporaryDirectory(), "events.ndjson");
      writeFileSync(file, content);
      const store = temporaryStore();
      expect(await importRun(store, file)).toEqual({ runId, wasKnown: false });
      expect(readFileSync(journalOf(store, runId), "utf8")).toBe(journal);
    }
  });

  it("leaves out the line that a crash has cut off, and is known to the store that has it", async () => {
    const { store, file, journal } = await exported();
    truncateSync(journalOf(store, runId), Buffer.byteLength(journal) - 30);
    await exportRun(store, runId, file);
    expect(gunzipSync(readFileSync(file)).toString().endsWith("}\n")).toBe(true);
    expect(await importRun(store, file)).toEqual({ runId, wasKnown: true });
    expect(await importRun(temporaryStore(), file)).toEqual({ runId, wasKnown: false });
  });

  it("is refused wherever it is cut off, with nothing left behind", async () => {
    const { bytes } = await exported();
    for (let length = 0; length < bytes.length; length += Math.ceil(bytes.length / 40)) {
      expect(await refused(bytes.subarray(0, length)), `${length} bytes`).toMatch(/^FILE/);
    }
  });

  it("keeps events that only a newer apex knows", async () => {
    const { journal } = await exported();
    const [first = ""] = journal.split("\n");
    const newer = JSON.stringify({ ...JSON.parse(first), version: 2, seq: 2, type: "moon_landed" });
    const file = path.join(temporaryDirectory(), "newer");
    writeFileSync(file, `${first}\n${newer}\n`);
    const store = temporaryStore();
    await importRun(store, file);
    expect(readFileSync(journalOf(store, runId), "utf8")).toBe(`${first}\n${newer}\n`);
  });

  it("is refused for everything that is not one run from its beginning", async () => {
    const { journal } = await exported();
    const lines = journal.trimEnd().split("\n");
    const [first = "", second = "", third = ""] = lines;
    const head = (over: object) => JSON.stringify({ format: "apex-run", version: 1, runId, ...over });
    const as = (id: string) => journal.replaceAll(runId, id);
    expect(await refused("")).toBe("FILE: it has no events");
    expect(await refused(head({}))).toMatch("it has no events");
    expect(await refused("no json")).toMatch(/^FILE:1: not JSON/);
    expect(await refused("[]")).toMatch(/^FILE:1: /);
    expect(await refused("7")).toBe("FILE:1: no JSON object");
    expect(await refused(Buffer.from([0x1f, 0x8b, 1, 2, 3, 4]))).toMatch("cut off or damaged");
    expect(await refused(`${head({ version: 2 })}\n${journal}`)).toMatch("it is of version 2, and this apex reads 1");
    expect(await refused(`${head({ format: "tar" })}\n${journal}`)).toMatch('its format is "tar"');
    expect(await refused(`${head({ runId: "another" })}\n${journal}`)).toMatch("and its head of another");
    expect(await refused(`${first}\n${third}\n`)).toMatch("event 2 is missing before event 3");
    expect(await refused(`${second}\n`)).toMatch("a run begins with run_started");
    expect(await refused(`${first}\n${first.replace('"seq":1', '"seq":2')}\n`)).toMatch("a second run begins");
    expect(await refused(`${first}\n${second.replace(runId, "another")}\n`)).toMatch("an event of run another");
    expect(await refused(`${journal}{"version":1,`)).toMatch(`FILE:${lines.length + 1}: not JSON`);
    for (const id of ["../x", "..", "a/b", "/etc", ".import-x", "a\\\\..\\\\b", "", "x".repeat(200)]) {
      expect(await refused(as(id)), `as ${id}`).toMatch(/cannot be the id of a run|FILE:1/);
    }
  });

  it("takes no more memory for a file that unpacks to very much", async () => {
    const file = path.join(temporaryDirectory(), "bomb");
    const block = Buffer.alloc(1024 * 1024, " ");
    await pipeline(Readable.from(Array.from({ length: 600 }, () => block)), createGzip(), createWriteStream(file));
    const before = process.memoryUsage.rss();
    const store = temporaryStore();
    await expect(importRun(store, file)).rejects.toThrow("a line is longer than");
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1024 * 1024);
    expect(runsIn(store)).toEqual([]);
  });

  it("says so where there is no such file, and where it cannot be written", async () => {
    const { store } = await exported();
    await expect(importRun(store, path.join(store, "none"))).rejects.toBeInstanceOf(PortableRunError);
    await expect(importRun(store, store)).rejects.toBeInstanceOf(PortableRunError);
    await expect(exportRun(store, runId, path.join(store, "none", "file"))).rejects.toBeInstanceOf(PortableRunError);
    const directory = temporaryDirectory();
    await expect(exportRun(store, runId, directory)).rejects.toBeInstanceOf(PortableRunError);
    await expect(exportRun(store, "none", path.join(directory, "f"))).rejects.toBeInstanceOf(PortableRunError);
    expect(readdirSync(directory)).toEqual([]);
    expect(readdirSync(path.dirname(directory)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });
});
