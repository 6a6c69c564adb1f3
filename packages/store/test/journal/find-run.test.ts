import { appendFileSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { encodeEvent, ownProcess, type ProcessIdentity, type RunEvent } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { findRun, journalState, listJournals } from "../../src/journal/find-run.ts";
import { journalOf, runDirectoryOf } from "../../src/journal/run-directory.ts";
import { journalRun } from "../rig/keep-run.ts";
import { temporaryStore } from "../rig/temporary-store.ts";

const ids = ["20260131-120000-aaaa1111", "20260131-120000-bbbb2222", "20260201-080000-cccc1111"];

function storeOf(...runs: readonly string[]): string {
  const store = temporaryStore();
  for (const run of runs) {
    mkdirSync(runDirectoryOf(store, run), { recursive: true });
    writeFileSync(journalOf(store, run), "{}\n");
  }
  return store;
}

describe("finding a run", () => {
  it.each([
    ["latest", ids[2]],
    [ids[0] ?? "", ids[0]],
    ["20260201", ids[2]],
    ["2222", ids[1]],
  ])("takes %s for the one that is meant", (reference, id) => {
    expect(findRun(storeOf(...ids), reference)).toBe(id);
  });

  it.each([
    ["1111", "could be 2 runs: 20260131-120000-aaaa1111, 20260201-080000-cccc1111"],
    ["2026", "could be 3 runs"],
    ["", 'there is no run ""'],
    ["zzz", 'there is no run "zzz"'],
    ["../x", 'there is no run "../x"'],
    ["/etc", 'there is no run "/etc"'],
    ["20260131-120000-aaaa1111/..", "there is no run"],
  ])("refuses %j and says why", (reference, message) => {
    const store = storeOf(...ids);
    mkdirSync(path.join(store, "x"), { recursive: true });
    expect(() => findRun(store, reference)).toThrow(message);
  });

  it("says that there is none yet in a store without runs", () => {
    expect(() => findRun(temporaryStore(), "latest")).toThrow("there is no run of this machine yet");
  });

  it("takes no run of another machine for the latest", () => {
    const store = storeOf(...ids);
    writeFileSync(path.join(runDirectoryOf(store, ids[2] ?? ""), "origin.json"), "{}");
    expect(findRun(store, "latest")).toBe(ids[1]);
    expect(findRun(store, "20260201")).toBe(ids[2]);
  });

  it("knows no run of what is no journal", () => {
    const store = storeOf(...ids);
    mkdirSync(path.join(store, "runs", ".import-abc"));
    mkdirSync(path.join(store, "runs", "20260301-000000-nojournal"));
    writeFileSync(path.join(store, "runs", "stray.txt"), "");
    mkdirSync(path.join(store, "runs", "20260302-000000-killed"));
    writeFileSync(journalOf(store, "20260302-000000-killed"), "");
    expect(listJournals(store)).toEqual(ids);
  });
});

describe("a run's state", () => {
  const run = "20260131-120000-state001";
  const envelope = { version: 1, seq: 9, at: "2026-01-31T12:00:00.000Z", runId: run };
  const ownedBy = (owner: ProcessIdentity): string => {
    const store = storeOf(run);
    writeFileSync(path.join(runDirectoryOf(store, run), "owner.json"), JSON.stringify(owner));
    return store;
  };

  it("is finished with its last event, though a reporter failed after it and though its process lives", async () => {
    const store = temporaryStore();
    await journalRun(store, { runId: run, nodes: [{ id: "unit" }] });
    expect(journalState(store, run)).toBe("finished");
    const late: RunEvent = {
      ...envelope,
      seq: 99,
      type: "reporter_failed",
      reporter: "junit",
      message: "x".repeat(1e5),
    };
    appendFileSync(journalOf(store, run), `${encodeEvent(late)}\n`);
    expect(journalState(store, run)).toBe("finished");
  });

  it("is finished where an envelope is long and a reason longer than what is read first", async () => {
    const store = temporaryStore();
    await journalRun(store, {
      runId: run,
      user: { userId: "u".repeat(600) },
      nodes: [{ id: "unit", script: [{ outcome: { status: "failed", reason: "why ".repeat(100_000) } }] }],
    });
    expect(journalState(store, run)).toBe("finished");
  });

  it("is not finished for what an agent says in the words of that event", () => {
    const store = ownedBy(ownProcess());
    const said: RunEvent = {
      ...envelope,
      type: "agent_logged",
      agent: "a",
      level: "info",
      message: "done",
      fields: { type: "run_completed" },
    };
    writeFileSync(journalOf(store, run), `${encodeEvent(said)}\n`);
    expect(journalState(store, run)).toBe("running");
  });

  it("is running as long as its process lives, and interrupted from then on", () => {
    expect(journalState(ownedBy(ownProcess()), run)).toBe("running");
    expect(journalState(ownedBy({ ...ownProcess(), pid: 2 ** 22 + 1, startedAt: "1" }), run)).toBe("interrupted");
  });

  it("is interrupted where its pid is another process' by now", () => {
    expect(journalState(ownedBy({ ...ownProcess(), startedAt: "1" }), run)).toBe("interrupted");
  });

  it("is running, on another machine or in a container, as long as it writes", () => {
    const store = ownedBy({ pid: process.pid, place: "elsewhere_1" });
    expect(journalState(store, run)).toBe("running");
    const yesterday = Date.now() / 1000 - 86_400;
    utimesSync(journalOf(store, run), yesterday, yesterday);
    expect(journalState(store, run)).toBe("interrupted");
  });

  it("is interrupted where nobody says whose it is", () => {
    expect(journalState(storeOf(run), run)).toBe("interrupted");
    const store = storeOf(run);
    writeFileSync(path.join(runDirectoryOf(store, run), "owner.json"), "{");
    expect(journalState(store, run)).toBe("interrupted");
  });
});
