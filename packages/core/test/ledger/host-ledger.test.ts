import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { HostAmounts } from "../../src/ledger/host-amounts.ts";
import { HostLedger } from "../../src/ledger/host-ledger.ts";
import type { HostIdentity, HostParticipant, HostRequest } from "../../src/ledger/host-participant.ts";
import type { LedgerRecord, TakeLevel } from "../../src/ledger/ledger-record.ts";
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

function ledgerOf(directory = temporaryDirectory()): HostLedger {
  return new HostLedger({ directory, memoryBytes: 100, cpus: 4 });
}

function join(ledger: HostLedger, name: string, over: Partial<HostIdentity> = {}): HostParticipant {
  return ledger.join({ kind: "foreground", name, projectRoot: `/${name}`, runId: name, ...over });
}

function ask(participant: HostParticipant, amounts: HostAmounts, level: TakeLevel = "layer"): HostRequest {
  return participant.request({ what: "work", level, amounts });
}

const taken = { kind: "taken" };
const short = (reason: string | RegExp): unknown => ({ kind: "short", reason: expect.stringMatching(reason) });

describe("the ledger of a host", () => {
  it("lists who takes part and what each has and waits for, until it leaves", () => {
    const ledger = ledgerOf();
    const [shop, blog] = [join(ledger, "shop"), join(ledger, "blog")];
    ask(shop, { memoryBytes: 60 }).tryTake();
    ask(blog, { memoryBytes: 50 }).tryTake();
    const reason = expect.stringMatching(/^memory: 60B of 100B are held by shop \(pid \d+\)$/);
    expect(ledger.picture()).toMatchObject({
      capacity: { memoryBytes: 100, milliCpus: 4_000 },
      runs: [
        { name: "shop", isIdle: false, takes: [{ for: "work", amounts: { memoryBytes: 60 } }], waits: [] },
        { name: "blog", isIdle: true, takes: [], waits: [{ for: "work", reason }] },
      ],
    });
    shop.leave();
    blog.leave();
    expect(ledger.picture().runs).toEqual([]);
  });

  it("forgets a process that is gone, with all that it had", async () => {
    const directory = temporaryDirectory();
    const other = spawn("sleep", ["60"]);
    const gone = new Promise((resolve) => other.once("exit", resolve));
    const record: LedgerRecord = {
      ...{ id: "other", kind: "foreground", name: "other", process: identifyProcess(other.pid!), sinceMs: 1 },
      ...{ isIdle: false, takes: [{ id: 1, for: "all", level: "layer", amounts: { memoryBytes: 100 } }], waits: [] },
    };
    writeFileSync(path.join(directory, "other.json"), JSON.stringify(record));
    const request = ask(join(ledgerOf(directory), "shop"), { memoryBytes: 10 });
    expect(request.tryTake()).toEqual(short(/held by other/));
    other.kill("SIGKILL");
    await gone;
    expect(request.tryTake()).toEqual(taken);
    expect(readdirSync(directory).filter((name) => name === "other.json")).toEqual([]);
  });

  it("gives each CPU, mutex and slot to as many as there are of it", () => {
    const ledger = ledgerOf();
    const [shop, blog] = [join(ledger, "shop"), join(ledger, "blog")];
    const all: HostAmounts = { milliCpus: 3_000, mutexes: ["host:printer"], slots: [{ name: "host:db", of: 1 }] };
    const first = ask(shop, all);
    expect(first.tryTake()).toEqual(taken);
    expect(ask(blog, { milliCpus: 1_000 }).tryTake()).toEqual(taken);
    expect(ask(blog, { milliCpus: 1_000 }).tryTake()).toEqual(short("CPUs: 3 of 4 are held by shop"));
    expect(ask(blog, { mutexes: ["host:printer"] }).tryTake()).toEqual(short("mutex host:printer: held by shop"));
    expect(ask(blog, { slots: [{ name: "host:db", of: 1 }] }).tryTake()).toEqual(short("1 of 1 held by shop"));
    expect(ask(blog, { slots: [{ name: "host:db", of: 2 }] }).tryTake()).toEqual(taken);
    first.release();
    expect(ask(blog, { mutexes: ["host:printer"] }).tryTake()).toEqual(taken);
  });

  it("keeps names of one project apart from those of another", () => {
    const ledger = ledgerOf();
    const amounts = { mutexes: ["db"], slots: [{ name: "service db", of: 1 }] };
    expect(ask(join(ledger, "shop"), amounts).tryTake()).toEqual(taken);
    expect(ask(join(ledger, "blog"), amounts).tryTake()).toEqual(taken);
    const again = join(ledger, "again", { projectRoot: "/shop" });
    expect(ask(again, amounts).tryTake()).toEqual(short("mutex db of /shop: held by shop"));
  });

  it("lets one alone take more than there is, and nobody beside it", () => {
    const ledger = ledgerOf();
    const [shop, blog] = [join(ledger, "shop"), join(ledger, "blog")];
    expect(ask(shop, { memoryBytes: 500 }).tryTake()).toEqual(taken);
    expect(ask(blog, { memoryBytes: 1 }).tryTake()).toEqual(short("100B of 100B are held by shop"));
    expect(ask(blog, { milliCpus: 1 }).tryTake()).toEqual(taken);
  });

  it("has a run that wants the machine to itself wait for all that run, and all that come wait for it", () => {
    const ledger = ledgerOf();
    const [shop, blog] = [join(ledger, "shop"), join(ledger, "blog")];
    const alone = ask(shop, { isDedicated: true });
    expect(alone.tryTake()).toEqual(short("the machine to itself: blog .* runs"));
    blog.leave();
    expect(alone.tryTake()).toEqual(taken);
    const late = join(ledger, "late");
    expect(ask(late, {}).tryTake()).toEqual(short("the machine: shop .* has it to itself"));
    const alsoAlone = ask(join(ledger, "other"), { isDedicated: true });
    expect(alsoAlone.tryTake()).toEqual(short("shop"));
    alone.release();
    shop.leave();
    // The one that came late waits, too, so nothing of it is there.
    expect(alsoAlone.tryTake()).toEqual(taken);
  });

  it("does not let a person wait for a background task that has the machine to itself, but the other way round", () => {
    const ledger = ledgerOf();
    const task = join(ledger, "bg-1", { kind: "background" });
    const alone = ask(task, { isDedicated: true });
    expect(alone.tryTake()).toEqual(taken);
    const shop = join(ledger, "shop");
    expect(ask(shop, {}).tryTake()).toEqual(taken);
    alone.release();
    expect(ask(task, { isDedicated: true }).tryTake()).toEqual(short("shop .* runs"));
    expect(ask(shop, { isDedicated: true }).tryTake()).toEqual(
      short("the background task bg-1 \\(apex bg cancel bg-1\\) runs"),
    );
  });

  it("counts nothing against a run that the tests of another one have started", () => {
    const ledger = ledgerOf();
    const outer = join(ledger, "outer");
    expect(ask(outer, { memoryBytes: 100, isDedicated: true, mutexes: ["host:a"] }).tryTake()).toEqual(taken);
    const inner = join(ledger, "inner", { within: "outer" });
    const innermost = join(ledger, "innermost", { within: "inner" });
    for (const one of [inner, innermost]) {
      expect(ask(one, { memoryBytes: 100, mutexes: ["host:a"] }).tryTake()).toEqual(taken);
    }
    const stranger = join(ledger, "stranger", { within: "nobody that is known" });
    expect(ask(stranger, { memoryBytes: 1 }).tryTake()).toEqual(short("outer"));
  });

  it("has for others what a run has laid down, which gets it back as one or not at all", () => {
    const ledger = ledgerOf();
    const [task, shop] = [join(ledger, "bg-1", { kind: "background" }), join(ledger, "shop")];
    ask(task, { memoryBytes: 40 }).tryTake();
    ask(task, { memoryBytes: 30, mutexes: ["host:a"] }).tryTake();
    task.suspend();
    const request = ask(shop, { memoryBytes: 50 });
    expect(request.tryTake()).toEqual(taken);
    expect(task.tryResume()).toEqual(short("memory"));
    expect(ledger.picture().runs.find(({ name }) => name === "bg-1")).toMatchObject({ takes: [], isIdle: true });
    request.release();
    expect(task.tryResume()).toEqual(taken);
    expect(ask(shop, { mutexes: ["host:a"] }).tryTake()).toEqual(short("bg-1"));
    expect(ask(shop, { memoryBytes: 40 }).tryTake()).toEqual(short("70B of 100B"));
  });

  it("names the runs that the background makes room for", () => {
    const ledger = ledgerOf();
    const task = join(ledger, "bg-1", { kind: "background" });
    join(ledger, "hybrid", { isShared: true });
    join(ledger, "nested", { within: "bg-1" });
    join(ledger, "bg-2", { kind: "background" });
    expect(task.foregroundBeside()).toEqual([]);
    const shop = join(ledger, "shop");
    expect(task.foregroundBeside()).toEqual([expect.stringMatching(/^shop \(pid \d+\)$/)]);
    shop.leave();
    expect(task.foregroundBeside()).toEqual([]);
  });

  it("is told soon when others change something", async () => {
    const directory = temporaryDirectory();
    const shop = join(ledgerOf(directory), "shop");
    const told = new Promise<number>((resolve) => {
      const from = performance.now();
      cleanups.push(shop.onChange(() => resolve(performance.now() - from)));
    });
    join(ledgerOf(directory), "blog");
    expect(await told).toBeLessThan(800);
  });

  it("holds nobody up where it cannot be written, and says why it cannot", () => {
    const ledger = new HostLedger({ directory: "/dev/null/ledger", memoryBytes: 1 });
    const shop = join(ledger, "shop");
    expect(shop.problem).toMatch(/ENOTDIR/);
    const request = ask(shop, { memoryBytes: 50, isDedicated: true });
    expect(request.tryTake()).toEqual(taken);
    request.release();
    shop.leave();
    expect(ledger.picture().runs).toEqual([]);
  });

  it("holds nobody up once its directory has gone", () => {
    const directory = temporaryDirectory();
    const [shop, blog] = [join(ledgerOf(directory), "shop"), join(ledgerOf(directory), "blog")];
    expect(ask(shop, { memoryBytes: 100 }).tryTake()).toEqual(taken);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, "");
    expect(ask(blog, { memoryBytes: 100 }).tryTake()).toEqual(taken);
    expect(blog.problem).toBeDefined();
  });
});
