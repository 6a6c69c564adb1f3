import { readFileSync } from "node:fs";
import path from "node:path";
import { encodeEvent, type RunEvent } from "@netra-apex/core";
import { EventRecorder } from "@netra-apex/core/testing";
import { describe, expect, it } from "vitest";
import { createJournalFile, type JournalFile } from "../../src/journal/journal-file.ts";
import { JournalWriter } from "../../src/journal/journal-writer.ts";
import { playRun, type RunScript } from "../rig/play-run.ts";
import { temporaryDirectory } from "../rig/temporary-store.ts";

const script: RunScript = {
  runId: "20260131-120000-journal1",
  // Time enough for what was written to reach the disk before more is.
  paceMs: 8,
  nodes: [
    { id: "unit", script: [{ tests: [{ test: "a.test.ts::adds" }, { test: "a.test.ts::“näht” \u2028 🚀" }] }] },
    { id: "api", script: [{ tests: [{ test: "b.test.ts::answers", status: "failed", message: "no" }] }] },
  ],
};

type Call = keyof JournalFile;

/** A real file of which the n-th call, counted over all its functions, fails. */
function failingFile(file: string, failsAt: number, onCall: (call: Call) => void): JournalFile {
  const real = createJournalFile(file);
  let calls = 0;
  const counted = (call: Call): void => {
    calls += 1;
    onCall(call);
    if (calls === failsAt) throw Object.assign(new Error(`${call} failed`), { code: "EIO" });
  };
  return {
    write(bytes) {
      counted("write");
      return real.write(bytes);
    },
    // Once at once and once later, as a file system may.
    sync: async () => {
      if (failsAt % 2 === 0) await Promise.resolve();
      counted("sync");
      await real.sync();
    },
    truncate(length) {
      counted("truncate");
      real.truncate(length);
    },
    close() {
      real.close();
      counted("close");
    },
  };
}

describe("the journal of a run", () => {
  it("has each event before anybody else sees it", async () => {
    const file = path.join(temporaryDirectory(), "events.ndjson");
    let seen = 0;
    const witness = {
      name: "witness",
      onEvent: (event: RunEvent): void => {
        seen += 1;
        expect(readFileSync(file, "utf8").endsWith(`${encodeEvent(event)}\n`)).toBe(true);
      },
    };
    const summary = await playRun(script, [new JournalWriter(file), witness]);
    expect(summary.reporterFailures ?? []).toEqual([]);
    expect(seen).toBeGreaterThan(10);
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(seen + 1);
  });

  it("is whole where the file takes only a few bytes at a time", async () => {
    const file = path.join(temporaryDirectory(), "events.ndjson");
    const real = createJournalFile(file);
    const recorder = new EventRecorder();
    await playRun(script, [
      new JournalWriter(file, { ...real, write: (bytes) => real.write(bytes.subarray(0, 7)) }),
      recorder,
    ]);
    expect(readFileSync(file, "utf8")).toBe(linesOf(recorder.events));
  });

  it("ends where the file takes nothing, instead of trying for ever", async () => {
    const file = path.join(temporaryDirectory(), "events.ndjson");
    const recorder = new EventRecorder();
    await playRun(script, [new JournalWriter(file, { ...createJournalFile(file), write: () => 0 }), recorder]);
    expect(recorder.all("reporter_failed")).toMatchObject([{ reporter: "journal" }]);
  });

  it("is a beginning of the stream in whole lines, whichever call of the file system fails; the run goes on and says so", async () => {
    const directory = temporaryDirectory();
    const recorder = new EventRecorder();
    const calls: Call[] = [];
    const file = path.join(directory, "whole.ndjson");
    const usual = await playRun(script, [
      new JournalWriter(
        file,
        failingFile(file, -1, (call) => calls.push(call)),
      ),
      recorder,
    ]);
    expect(usual.exitCode).toBe(1);
    expect(new Set(calls)).toEqual(new Set<Call>(["write", "sync", "close"]));
    const failed = new Map<Call, number>();
    for (let n = 1; n <= calls.length; n += 1) {
      const { call, summary, events, text } = await runWithFailure(path.join(directory, `${n}.ndjson`), n);
      if (call === undefined) continue;
      failed.set(call, (failed.get(call) ?? 0) + 1);
      const what = `call ${n}, ${call}`;
      expect(summary.outcome, `failing ${what}`).toEqual(usual.outcome);
      expect(summary.exitCode, `failing ${what}`).toBe(usual.exitCode);
      expect(linesOf(events).startsWith(text), `failing ${what}`).toBe(true);
      expect(text === "" || text.endsWith("\n"), `failing ${what}`).toBe(true);
      const told = [
        ...events.flatMap((event) => (event.type === "reporter_failed" ? [event.message] : [])),
        ...(summary.reporterFailures ?? []).map(({ message }) => message),
      ];
      // One that failed in the middle is named then and in the end.
      expect([...new Set(told)], `failing ${what}`).toEqual([
        expect.stringMatching(/the journal of this run ends before event \d+: \w+ failed/),
      ]);
    }
    expect([...failed.keys()].sort()).toEqual(["close", "sync", "write"]);
    console.log(`failed in turn: ${JSON.stringify(Object.fromEntries(failed))}`);
  });

  it("ends with a torn line, as after a crash, where cutting it off fails as well", async () => {
    const file = path.join(temporaryDirectory(), "events.ndjson");
    const real = createJournalFile(file);
    let writes = 0;
    const recorder = new EventRecorder();
    await playRun(script, [
      new JournalWriter(file, {
        ...real,
        write(bytes) {
          writes += 1;
          if (writes === 6) throw new Error("no space");
          return real.write(writes === 5 ? bytes.subarray(0, 20) : bytes);
        },
        truncate() {
          throw new Error("no truncating either");
        },
      }),
      recorder,
    ]);
    const text = readFileSync(file, "utf8");
    expect(linesOf(recorder.events).startsWith(text)).toBe(true);
    expect(text.endsWith("\n")).toBe(false);
    expect(recorder.all("reporter_failed")).toHaveLength(1);
  });

  it("is not made where there is one already", () => {
    const file = path.join(temporaryDirectory(), "events.ndjson");
    void new JournalWriter(file).close();
    expect(() => new JournalWriter(file)).toThrow("EEXIST");
  });
});

async function runWithFailure(file: string, failsAt: number) {
  const recorder = new EventRecorder();
  let call: Call | undefined;
  let calls = 0;
  const seam = failingFile(file, failsAt, (made) => {
    calls += 1;
    if (calls === failsAt) call = made;
  });
  const summary = await playRun(script, [new JournalWriter(file, seam), recorder]);
  return { call, summary, events: recorder.events, text: readFileSync(file, "utf8") };
}

function linesOf(events: readonly RunEvent[]): string {
  return events.map((event) => `${encodeEvent(event)}\n`).join("");
}
