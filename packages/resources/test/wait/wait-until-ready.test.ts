import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { InstanceStatus } from "../../src/instance.ts";
import { createProbe } from "../../src/probes/create-probe.ts";
import { notReady, type Probe, ready } from "../../src/probes/probe.ts";
import { waitUntilReady, type WaitOptions } from "../../src/wait/wait-until-ready.ts";
import { closedPort, peer, silent } from "../probes/peers.ts";

const host = "127.0.0.1";
const patient = { intervalMs: 100, timeoutMs: 1_000, successes: 1, deadlineMs: 5_000 };
const { signal: nobodys } = new AbortController();

const wait = (
  probe: Probe,
  more: Partial<Omit<WaitOptions, "health">> & { health?: Partial<WaitOptions["health"]> } = {},
) => waitUntilReady({ probe, signal: nobodys, ...more, health: { ...patient, ...more.health } });

/** A probe that says one thing after the other, and the last one for ever. */
function saying(...words: readonly ("up" | "down" | "slow")[]): Probe & { readonly atMs: number[] } {
  const atMs: number[] = [];
  const probe: Probe = async ({ deadlineMs, signal }) => {
    const word = words[Math.min(atMs.length, words.length - 1)];
    atMs.push(performance.now());
    if (word === "up") return ready("1.2");
    if (word === "down") return notReady("unhealthy", "it says no");
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve(undefined);
      });
    });
    return notReady("no-answer", `nothing within ${deadlineMs}`);
  };
  return Object.assign(probe, { atMs });
}

describe("a wait", () => {
  test("ends as soon as a service listens, and says how often it looked", async () => {
    const port = await closedPort();
    const server = createServer(silent);
    onTestFinished(() => void server.close());
    setTimeout(() => server.listen(port, host), 300);
    const looks: boolean[] = [];
    const probe = createProbe({ kind: "tcp", address: `${host}:${port}` }, { place: { host } });
    const result = await wait(probe, { onResult: ({ isReady }) => looks.push(isReady) });
    expect(result).toMatchObject({ outcome: "ready", lookCount: looks.length });
    expect(result.tookMs).toBeLessThan(3_000);
    expect(looks.slice(0, -1)).not.toContain(true);
    expect(looks.length).toBeGreaterThan(1);
  });

  test("looks at once, then sooner in the beginning than later", async () => {
    const probe = saying("down", "down", "down", "down", "down", "up");
    expect(await wait(probe, { health: { intervalMs: 150 } })).toMatchObject({ outcome: "ready", version: "1.2" });
    const pauses = probe.atMs.slice(1).map((atMs, index) => atMs - (probe.atMs[index] ?? 0));
    expect(pauses[0]).toBeLessThan(110);
    expect(pauses.at(-1)).toBeGreaterThan(140);
  });

  test("wants as many good looks in a row as it is told", async () => {
    const probe = saying("up", "up", "down", "up", "up", "up", "down");
    expect(await wait(probe, { health: { successes: 3, intervalMs: 20 } })).toMatchObject({
      outcome: "ready",
      lookCount: 6,
    });
  });

  test("ends at its deadline with the last reason, which a look that was cut short does not hide", async () => {
    const result = await wait(saying("down", "slow"), { health: { deadlineMs: 400, timeoutMs: 60_000 } });
    expect(result).toMatchObject({ outcome: "not-ready", problem: "unhealthy", reason: "it says no" });
    expect(result.tookMs).toBeGreaterThan(360);
    expect(result.tookMs).toBeLessThan(590);
  });

  test("ends at its deadline even where a probe does not", async () => {
    const result = await wait(async () => new Promise<never>(() => undefined), { health: { deadlineMs: 300 } });
    expect(result).toMatchObject({ outcome: "not-ready", problem: "no-answer", lookCount: 0 });
    expect(result.tookMs).toBeLessThan(480);
  });

  test("ends at once when nobody waits any more, and lets go of the look that is under way", async () => {
    const controller = new AbortController();
    let wasLetGo = false;
    const port = await peer((socket) => void socket.resume().on("close", () => (wasLetGo = true)));
    const probe = createProbe({ kind: "redis", url: `${host}:${port}` }, { place: { host } });
    setTimeout(() => controller.abort(), 100);
    const result = await wait(probe, { signal: controller.signal, health: { timeoutMs: 60_000, deadlineMs: 60_000 } });
    expect(result).toMatchObject({ outcome: "aborted" });
    expect(result.tookMs).toBeLessThan(500);
    await expect.poll(() => wasLetGo).toBe(true);
    expect(await wait(probe, { signal: controller.signal })).toMatchObject({ outcome: "aborted", lookCount: 0 });
  });

  test("refuses what cannot be meant", async () => {
    await expect(wait(saying("up"), { health: { deadlineMs: Number.NaN } })).rejects.toThrow(RangeError);
    await expect(wait(saying("up"), { health: { successes: 0 } })).rejects.toThrow("successes must be more than 0");
  });
});

describe("what runs the service", () => {
  /** Runs for a while, then is something else. */
  const after = (delayMs: number, then: InstanceStatus, first: InstanceStatus = { state: "running-unchecked" }) => {
    const startMs = performance.now();
    return async (): Promise<InstanceStatus> => (performance.now() - startMs < delayMs ? first : then);
  };

  test("ends the wait when that has died, long before the deadline, also while a look is under way", async () => {
    const status = after(200, { state: "exited", exitCode: 137, reason: "memory ran out" });
    for (const probe of [saying("down"), saying("slow")]) {
      const result = await wait(probe, { status, health: { deadlineMs: 60_000, timeoutMs: 60_000 } });
      expect(result).toMatchObject({
        outcome: "not-ready",
        problem: "ended",
        exitCode: 137,
        reason: "memory ran out",
      });
      expect(result.tookMs).toBeLessThan(1_500);
    }
    const missing = after(0, { state: "missing", reason: "it was removed" });
    expect(await wait(saying("down"), { status: missing })).toMatchObject({
      outcome: "not-ready",
      reason: "it was removed",
    });
  });

  test("has the last word: what answers in place of a service that has died is not the service", async () => {
    const status = after(0, { state: "exited", exitCode: 1, reason: "the port is taken" });
    expect(await wait(saying("up"), { status })).toMatchObject({ outcome: "not-ready", problem: "ended", exitCode: 1 });
  });

  test("is waited for where it cannot be asked, or is paused", async () => {
    for (const state of ["unreachable", "paused"] as const) {
      const status = after(0, { state });
      expect(await wait(saying("down", "up"), { status })).toMatchObject({ outcome: "ready" });
    }
  });

  test("that never answers holds up nobody", async () => {
    const status = async (): Promise<never> => new Promise<never>(() => undefined);
    const health = { timeoutMs: 200, deadlineMs: 2_000 };
    expect(await wait(saying("up"), { status, health })).toMatchObject({ outcome: "ready" });
    const rejecting = async (): Promise<never> => Promise.reject(new Error("no engine"));
    expect(await wait(saying("up"), { status: rejecting, health })).toMatchObject({ outcome: "ready" });
  });

  test("makes a one-shot ready by its end with exit code 0 alone", async () => {
    const oneShot = { isOneShot: true, health: { intervalMs: 50, deadlineMs: 1_000 } };
    for (const done of [{ state: "completed" }, { state: "exited", exitCode: 0 }] as const) {
      const result = await wait(saying("up"), { ...oneShot, status: after(200, done) });
      expect(result).toMatchObject({ outcome: "ready" });
      expect(result.tookMs).toBeGreaterThan(190);
    }
    const failing = after(100, { state: "exited", exitCode: 3 });
    expect(await wait(saying("up"), { ...oneShot, status: failing })).toMatchObject({
      outcome: "not-ready",
      problem: "ended",
      exitCode: 3,
    });
    expect(await wait(saying("up"), { ...oneShot, status: after(9e9, { state: "missing" }) })).toMatchObject({
      outcome: "not-ready",
      problem: "starting",
      reason: "it has not ended yet",
    });
  });
});
