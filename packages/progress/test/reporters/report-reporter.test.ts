import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { RunEvent } from "@netra-apex/core";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createRunReport } from "../../src/report/create-run-report.ts";
import { renderReport } from "../../src/report/render-report.ts";
import { createReportReporter, type WholeReportFormat } from "../../src/reporters/report-reporter.ts";
import { CollectedStream } from "../collected-stream.ts";
import { shopRun } from "../report/shop-run.ts";

let events: readonly RunEvent[];
beforeAll(async () => {
  events = await shopRun();
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "apex-reports-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

async function written(format: WholeReportFormat, file: string, some = events): Promise<string> {
  const stdout = new CollectedStream();
  const reporter = createReportReporter(format, { stdout, file: path.join(directory, file) });
  for (const event of some) reporter.onEvent(event);
  await reporter.close?.();
  await reporter.close?.();
  expect(stdout.text).toBe("");
  return file.includes("{") ? "" : readFileSync(path.join(directory, file), "utf8");
}

describe("a report as a reporter", () => {
  it.each<WholeReportFormat>(["junit", "html", "markdown", "trace"])(
    "writes in the end what is rendered of the same events: %s",
    async (format) => {
      expect(await written(format, "deep/er/report")).toBe(renderReport(createRunReport(events), format));
      expect(readdirSync(path.join(directory, "deep/er"))).toEqual(["report"]);
    },
  );

  it("writes what there is of a run that was interrupted", async () => {
    const cut = events.slice(0, 60);
    expect(await written("junit", "cut.xml", cut)).toBe(renderReport(createRunReport(cut), "junit"));
  });

  it("writes to stdout without a file, and nothing where nothing was told", async () => {
    const stdout = new CollectedStream();
    const reporter = createReportReporter("markdown", { stdout });
    for (const event of events) reporter.onEvent(event);
    expect(stdout.text).toBe("");
    await reporter.close?.();
    expect(stdout.text).toBe(renderReport(createRunReport(events), "markdown"));
    const silent = new CollectedStream();
    await createReportReporter("html", { stdout: silent, file: path.join(directory, "none.html") }).close?.();
    expect(silent.text).toBe("");
    expect(readdirSync(directory)).toEqual([]);
  });

  it("writes a JUnit file for each layer and one for the run, which together are the whole", async () => {
    await written("junit", "parts/{layer}.xml");
    const files = readdirSync(path.join(directory, "parts"));
    const layers = createRunReport(events).layers.map(({ id }) => `${id}.xml`);
    expect(files.toSorted()).toEqual([...layers, "apex.xml"].toSorted());
    const cases = (text: string) => text.match(/^ *<testcase .*$/gm) ?? [];
    const parts = files.flatMap((name) => cases(readFileSync(path.join(directory, "parts", name), "utf8")));
    expect(parts.toSorted()).toEqual(cases(renderReport(createRunReport(events), "junit")).toSorted());
  });

  it("keeps layers with odd names in its directory", async () => {
    const odd = events.map((event) => JSON.parse(JSON.stringify(event).replaceAll("fast_feedback", "../../up")));
    await written("junit", "a/b/{layer}.xml", odd as RunEvent[]);
    expect(readdirSync(path.join(directory, "a/b"))).toContain("%2E%2E%2F..%2Fup.xml");
    expect(readdirSync(directory)).toEqual(["a"]);
  });

  it("leaves an older file as it was until the new one is whole, and follows a link to it", async () => {
    mkdirSync(path.join(directory, "real"));
    writeFileSync(path.join(directory, "real/old.xml"), "old");
    symlinkSync("real/old.xml", path.join(directory, "link.xml"));
    const text = await written("junit", "link.xml");
    expect(readFileSync(path.join(directory, "real/old.xml"), "utf8")).toBe(text);
    expect(readdirSync(path.join(directory, "real"))).toEqual(["old.xml"]);
  });

  it("says which file it cannot write, and leaves nothing behind", async () => {
    mkdirSync(path.join(directory, "taken.xml"));
    await expect(written("junit", "taken.xml")).rejects.toMatchObject({
      code: "APEX_REPORTER_UNWRITABLE",
      message: expect.stringContaining(path.join(directory, "taken.xml")),
    });
    expect(readdirSync(directory)).toEqual(["taken.xml"]);
  });

  it("does not replace a device by a file", async () => {
    const reporter = createReportReporter("junit", { stdout: new CollectedStream(), file: "/dev/null" });
    for (const event of events) reporter.onEvent(event);
    await reporter.close?.();
    expect(readFileSync("/dev/null", "utf8")).toBe("");
  });

  it("keeps nothing of what tests print", () => {
    const reporter = createReportReporter("html", { stdout: new CollectedStream() });
    const [start] = events;
    if (start) reporter.onEvent(start);
    const before = heapBytes();
    for (let seq = 2; seq < 102; seq += 1) {
      const text = Buffer.alloc(1024 * 1024, `${seq} `).toString("latin1");
      reporter.onEvent({ ...start, seq, type: "output", nodeId: "unit", attempt: 1, text } as RunEvent);
    }
    expect(heapBytes() - before).toBeLessThan(30 * 1024 * 1024);
    expect(reporter.name).toBe("html");
  });
});

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
