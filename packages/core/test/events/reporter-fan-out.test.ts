import { describe, expect, it } from "vitest";
import type { Reporter } from "../../src/events/reporter.ts";
import { ReporterFanOut } from "../../src/events/reporter-fan-out.ts";
import type { ReporterFailure } from "../../src/events/reporter-review.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { ManualClock, settle } from "../../src/testing/manual-clock.ts";

/** A clock on which time passes while a reporter works. */
class WorkClock extends ManualClock {
  workedMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.workedMs;
  }
}

function rig(...reporters: Reporter[]) {
  const clock = new WorkClock();
  const dropped: ReporterFailure[] = [];
  const fanOut = new ReporterFanOut({ clock, onDrop: (failure) => dropped.push(failure) });
  for (const reporter of reporters) fanOut.add(reporter);
  let seq = 0;
  const tell = (): RunEvent => {
    seq += 1;
    const event = { version: 1, seq, at: "2026-01-31T12:00:00.000Z", runId: "r", type: "layer_started", layerId: "a" };
    fanOut.deliver(event as RunEvent);
    return event as RunEvent;
  };
  return { clock, dropped, fanOut, tell };
}

/** As it may come from a module that was written without types. */
function unruly(onEvent: (event: RunEvent) => unknown): Reporter["onEvent"] {
  return onEvent;
}

function recorder(name = "recorder"): Reporter & { seen: number[] } {
  const seen: number[] = [];
  return { name, seen, onEvent: ({ seq }) => void seen.push(seq) };
}

describe("the fan-out to reporters", () => {
  it("drops a reporter whose promise rejects, names it once and closes it, while the others go on", async () => {
    let calls = 0;
    let closed = 0;
    const broken = {
      name: "remote",
      onEvent: unruly(async () => {
        calls += 1;
        throw new Error(`no network ${calls}`);
      }),
      close: () => void (closed += 1),
    };
    const others = recorder();
    const { fanOut, tell, dropped } = rig(broken, others);
    tell();
    tell();
    await settle();
    tell();
    expect(others.seen).toEqual([1, 2, 3]);
    expect({ calls, closed }).toEqual({ calls: 2, closed: 1 });
    const failure = { reporter: "remote", message: "no network 1", isDropped: true };
    expect(dropped).toEqual([failure]);
    expect(await fanOut.close(1_000)).toEqual({ failures: [failure], slow: [] });
    expect(closed).toBe(1);
  });

  it("lets a reporter do what it has promised before it closes it, and names a promise that breaks then", async () => {
    const told: string[] = [];
    const waiting: (() => void)[] = [];
    const wait = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
    const late: Reporter = {
      name: "late",
      onEvent: unruly(async () => {
        await wait();
        told.push("sent");
      }),
      close: () => void told.push("closed"),
    };
    const breaking: Reporter = {
      name: "breaking",
      onEvent: unruly(async () => {
        await wait();
        throw new Error("refused");
      }),
    };
    const { fanOut, tell, dropped } = rig(late, breaking);
    tell();
    const closing = fanOut.close(1_000);
    await settle();
    expect(told).toEqual([]);
    for (const go of waiting) go();
    expect((await closing).failures).toEqual([{ reporter: "breaking", message: "refused", isDropped: true }]);
    expect(told).toEqual(["sent", "closed"]);
    expect(dropped).toEqual([]);
  });

  it("gives up on a promise that is never kept, after the grace", async () => {
    const stuck: Reporter = {
      name: "stuck",
      onEvent: unruly(() => new Promise<never>(() => undefined)),
    };
    const { clock, fanOut, tell } = rig(stuck);
    tell();
    const closing = fanOut.close(3_000);
    await clock.advance(3_000);
    expect((await closing).failures).toEqual([{ reporter: "stuck", message: "it did not finish within 3s" }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("waits for what a dropped reporter still writes while it closes", async () => {
    let finish = (): void => undefined;
    const told: string[] = [];
    const broken: Reporter = {
      name: "broken",
      onEvent: () => {
        throw new Error("full");
      },
      close: () =>
        new Promise((resolve) => {
          finish = () => {
            told.push("written");
            resolve();
          };
        }),
    };
    const { fanOut, tell } = rig(broken);
    tell();
    const closing = fanOut.close(1_000).then(() => told.push("over"));
    await settle();
    finish();
    await closing;
    expect(told).toEqual(["written", "over"]);
  });

  it("does not let a reporter change an event that others get", () => {
    const rude: Reporter = {
      name: "rude",
      onEvent: (event) => {
        (event as { seq: number }).seq = 99;
      },
    };
    const others = recorder();
    const { tell, dropped } = rig(rude, others);
    tell();
    expect(others.seen).toEqual([1]);
    expect(dropped).toMatchObject([{ reporter: "rude", message: expect.stringContaining("read only") }]);
  });

  it("measures each reporter by itself, and names those that took more than a second and a twentieth of the run", async () => {
    const works = (name: string, ms: number): Reporter => ({ name, onEvent: () => void (clock.workedMs += ms) });
    const { clock, fanOut, tell } = rig(works("quick", 5), works("slow", 100), works("some", 40));
    for (let count = 0; count < 20; count += 1) tell();
    await clock.advance(20_000);
    // 2,000 ms and 800 ms of 22,900 ms: the one is above both limits, the other below a second.
    expect((await fanOut.close(1_000)).slow).toEqual([{ reporter: "slow", busyMs: 2_000, runMs: 22_900 }]);
  });

  it("does not name a reporter whose seconds are nothing in a long run", async () => {
    const slow: Reporter = { name: "slow", onEvent: () => void (clock.workedMs += 2_000) };
    const { clock, fanOut, tell } = rig(slow);
    tell();
    await clock.advance(60_000);
    tell();
    expect((await fanOut.close(1_000)).slow).toEqual([{ reporter: "slow", busyMs: 4_000, runMs: 64_000 }]);
    const long = rig({ name: "slow", onEvent: () => void (long.clock.workedMs += 1_000) });
    long.tell();
    await long.clock.advance(3_600_000);
    long.tell();
    expect((await long.fanOut.close(1_000)).slow).toEqual([]);
  });

  it("takes an answer that is no promise for none", async () => {
    const odd: Reporter = { name: "odd", onEvent: ({ seq }) => seq };
    const { fanOut, tell, dropped } = rig(odd);
    tell();
    expect(await fanOut.close(1_000)).toEqual({ failures: [], slow: [] });
    expect(dropped).toEqual([]);
  });
});
