import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { HostAmounts } from "../../src/ledger/host-amounts.ts";
import { HostLedger } from "../../src/ledger/host-ledger.ts";

const capacity = { memoryBytes: 1_000, cpus: 4 };
const durationMs = 4_000;

type Line = { readonly pid: number; readonly ns: string } & (
  | { readonly wants: number }
  | { readonly takes: number; readonly amounts: HostAmounts }
  | { readonly gives: number }
);

describe("six processes at one ledger, some of which are killed", () => {
  it("never have more together than there is, and each that lives gets its turn", { timeout: 180_000 }, async () => {
    const root = mkdtempSync(path.join(tmpdir(), "apex-ledger-"));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const [directory, witness] = [path.join(root, "ledger"), path.join(root, "witness")];
    const start = (seed: number, ms: number): ChildProcess => {
      const { memoryBytes, cpus } = capacity;
      const args = [
        path.join(import.meta.dirname, "fixtures/take-at-random.ts"),
        directory,
        witness,
        String(memoryBytes),
        String(cpus),
        String(seed),
        String(ms),
      ];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      onTestFinished(() => void child.kill("SIGKILL"));
      return child;
    };
    const ended = (child: ChildProcess): Promise<number | null> =>
      new Promise((resolve) => void child.once("exit", (code) => resolve(code)));
    const steady = [1, 2, 3, 4].map((seed) => start(seed, durationMs));
    const ends = Promise.all(steady.map(ended));
    const killed = new Set<number>();
    // Two at a time are killed in the middle of whatever they do, and others come in their place.
    const assassin = (async () => {
      for (let seed = 10; seed < 15; seed += 1) {
        const victim = start(seed, 60_000);
        const gone = ended(victim);
        await new Promise((resolve) => victim.stdout?.once("data", resolve));
        await new Promise((resolve) => void setTimeout(resolve, 60 + seed * 11));
        killed.add(victim.pid ?? 0);
        victim.kill("SIGKILL");
        await gone;
      }
    })();
    expect(await ends).toEqual([0, 0, 0, 0]);
    await assassin;
    const lines = readFileSync(witness, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    const turns = check(lines, killed);
    console.info(`${lines.length} lines, turns of each: ${[...turns.values()].join(" ")}`);
    for (const { pid = 0 } of steady) expect(turns.get(pid)).toBeGreaterThan(2);
    expect(killed.size).toBe(5);
    expect(new HostLedger({ directory }).picture().runs).toEqual([]);
    // Nothing is left of those that were killed once somebody has come after them.
    const last = new HostLedger({ directory }).join({ kind: "foreground", name: "last", projectRoot: "/" });
    const request = last.request({ what: "all", level: "layer", amounts: { memoryBytes: 1_000 } });
    await vi.waitUntil(() => request.tryTake().kind === "taken");
    last.leave();
    // One that was killed while it wrote has left what cannot be read, which is known to be left after a second.
    await vi.waitUntil(
      () => {
        new HostLedger({ directory }).join({ kind: "foreground", name: "tidy", projectRoot: "/" }).leave();
        return readdirSync(path.join(directory, "lock")).every((name) => name.startsWith("over-"));
      },
      { timeout: 10_000, interval: 200 },
    );
  });
});

/** Replays the witness's lines in the order of the machine's clock; returns how many turns each had. */
function check(lines: readonly Line[], killed: ReadonlySet<number>): Map<number, number> {
  const held = new Map<number, HostAmounts>();
  const waiting = new Set<number>();
  const turns = new Map<number, number>();
  const lastOf = new Map(lines.map((line) => [line.pid, line]));
  const inOrder = lines.toSorted((a, b) => (BigInt(a.ns) < BigInt(b.ns) ? -1 : 1));
  for (const line of inOrder) {
    const { pid } = line;
    if ("wants" in line) waiting.add(pid);
    if ("takes" in line) {
      waiting.delete(pid);
      held.set(pid, line.amounts);
      turns.set(pid, (turns.get(pid) ?? 0) + 1);
    }
    if ("gives" in line) held.delete(pid);
    assertWithin(held);
    // A killed process has nothing any more; when it died is not known, but it said no more after this.
    if (killed.has(pid) && lastOf.get(pid) === line) held.delete(pid);
  }
  expect([...waiting].filter((pid) => !killed.has(pid))).toEqual([]);
  return turns;
}

function assertWithin(held: ReadonlyMap<number, HostAmounts>): void {
  const all = [...held.values()];
  const sum = (of: (amounts: HostAmounts) => number): number => all.reduce((total, one) => total + of(one), 0);
  expect(sum(({ memoryBytes = 0 }) => memoryBytes)).toBeLessThanOrEqual(capacity.memoryBytes);
  expect(sum(({ milliCpus = 0 }) => milliCpus)).toBeLessThanOrEqual(capacity.cpus * 1_000);
  expect(sum(({ mutexes = [] }) => mutexes.length)).toBeLessThanOrEqual(1);
  expect(sum(({ slots = [] }) => slots.length)).toBeLessThanOrEqual(2);
}
