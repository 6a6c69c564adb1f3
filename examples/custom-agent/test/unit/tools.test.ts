import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { createTestContext } from "@netra-apex/core/testing";
import { createQuoteServer, listen } from "../../demo/quote-server.ts";
import { measureLatency } from "../../src/measure-latency.ts";
import { readBaseline } from "../../src/read-baseline.ts";

describe("measure_latency", () => {
  const server = createQuoteServer(5);
  let url: string;
  before(async () => {
    url = await listen(server, 0);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("times each answer, and counts those that are no success", async () => {
    const { context } = createTestContext();
    const found = await context.callTool(measureLatency, { url: `${url}/quotes/1`, requests: 3 });
    assert.equal(found.durationsMs.length, 3);
    assert.ok(Math.min(...found.durationsMs) >= 4, "the service takes 5 ms");
    assert.equal(found.refused, 0);
    const lost = await context.callTool(measureLatency, { url: `${url}/nowhere`, requests: 2 });
    assert.equal(lost.refused, 2);
  });

  it("ends when it is aborted", async () => {
    const abort = new AbortController();
    const { context } = createTestContext({ signal: abort.signal });
    const call = context.callTool(measureLatency, { url: `${url}/quotes/1`, requests: 10_000 });
    abort.abort(new Error("enough"));
    await assert.rejects(call, /enough/);
  });
});

describe("read_baseline", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "latency-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const read = async (text: string) => {
    const file = path.join(folder, "baseline.json");
    await writeFile(file, text);
    return createTestContext().context.callTool(readBaseline, { file });
  };

  it("returns the latency that the file holds", async () => {
    assert.deepEqual(await read('{ "p50Ms": 12.5, "machine": "laptop" }'), { p50Ms: 12.5 });
  });

  it("refuses a file that holds something else", async () => {
    await assert.rejects(read('{ "p50Ms": 0 }'), { code: "APEX_TOOL_OUTPUT_INVALID" });
    await assert.rejects(read("12.5"), { code: "APEX_TOOL_OUTPUT_INVALID" });
  });
});
