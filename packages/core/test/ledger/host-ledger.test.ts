import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type HeldHolding, HostLedger } from "../../src/ledger/host-ledger.ts";
import { identifyProcess } from "../../src/process-identity.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "apex-ledger-"));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Another process, which holds as much. */
function somebodyElse(directory: string, holding: Omit<HeldHolding, "process" | "sinceMs">): ChildProcess {
  const other = spawn("sleep", ["60"]);
  cleanups.push(() => other.kill("SIGKILL"));
  const held: HeldHolding = { ...holding, process: identifyProcess(other.pid!), sinceMs: Date.now() - 1_000 };
  writeFileSync(path.join(directory, `${other.pid!}.json`), JSON.stringify(held));
  return other;
}

const signal = AbortSignal.timeout(10_000);

describe("the ledger of a host", () => {
  it("lists who takes part, until it is released", () => {
    const ledger = new HostLedger({ directory: temporaryDirectory() });
    const hold = ledger.hold({ kind: "foreground", name: "shop", memoryBytes: 10 });
    expect(ledger.holdings()).toMatchObject([{ name: "shop", memoryBytes: 10, process: { pid: process.pid } }]);
    hold.release();
    expect(ledger.holdings()).toEqual([]);
  });

  it("forgets a process that is gone", async () => {
    const directory = temporaryDirectory();
    const other = somebodyElse(directory, { kind: "background", name: "e2e", memoryBytes: 100 });
    const ledger = new HostLedger({ directory, memoryBytes: 100 });
    expect(ledger.holdings()).toHaveLength(1);
    const gone = new Promise((resolve) => other.once("exit", resolve));
    other.kill("SIGKILL");
    await gone;
    expect(ledger.holdings()).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("lets a background run wait until there is room, and tells for whom it waits", async () => {
    const directory = temporaryDirectory();
    const other = somebodyElse(directory, { kind: "foreground", name: "shop", memoryBytes: 60 });
    const ledger = new HostLedger({ directory, memoryBytes: 100 });
    const reasons: string[] = [];
    const asked = { kind: "background", name: "e2e", memoryBytes: 50 } as const;
    const onWait = (reason: string): void => {
      reasons.push(reason);
      other.kill("SIGKILL");
    };
    const hold = await ledger.holdWithin(asked, { signal, lookMs: 10, onWait });
    expect(reasons).toEqual(["memory: shop"]);
    expect(ledger.holdings()).toMatchObject([{ name: "e2e" }]);
    hold.release();
  });

  it("lets one alone take more than there is", async () => {
    const ledger = new HostLedger({ directory: temporaryDirectory(), memoryBytes: 100 });
    const hold = await ledger.holdWithin({ kind: "background", name: "e2e", memoryBytes: 500 }, { signal });
    expect(ledger.holdings()).toHaveLength(1);
    hold.release();
  });

  it("ends a wait with its signal, and holds nothing then", async () => {
    const directory = temporaryDirectory();
    somebodyElse(directory, { kind: "foreground", name: "shop", memoryBytes: 60 });
    const ledger = new HostLedger({ directory, memoryBytes: 100 });
    const stop = new AbortController();
    const onWait = (): void => stop.abort(new Error("no longer wanted"));
    const asked = { kind: "background", name: "e2e", memoryBytes: 50 } as const;
    await expect(ledger.holdWithin(asked, { signal: stop.signal, onWait })).rejects.toThrow("no longer wanted");
    expect(ledger.holdings()).toMatchObject([{ name: "shop" }]);
  });

  it("holds nobody up where it cannot be written", async () => {
    const ledger = new HostLedger({ directory: "/dev/null/ledger", memoryBytes: 1 });
    const hold = await ledger.holdWithin({ kind: "background", name: "e2e", memoryBytes: 50 }, { signal });
    hold.release();
    expect(ledger.holdings()).toEqual([]);
  });
});
