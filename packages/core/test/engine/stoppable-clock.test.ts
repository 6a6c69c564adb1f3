import { describe, expect, it } from "vitest";
import { StoppableClock } from "../../src/engine/stoppable-clock.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

/** A machine that can stand still: time passes and no timer fires, as for a process that was stopped. */
class SleepingMachine extends ManualClock {
  #sleptMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.#sleptMs;
  }

  sleep(ms: number): void {
    this.#sleptMs += ms;
  }
}

describe("a clock that can be stopped", () => {
  it("stands still meanwhile, with what is scheduled on it", async () => {
    const machine = new ManualClock();
    const clock = new StoppableClock(machine);
    let fired = 0;
    clock.schedule(1_000, () => (fired += 1));
    await machine.advance(600);
    clock.stop();
    await machine.advance(60_000);
    expect([clock.monotonicMs(), fired]).toEqual([600, 0]);
    expect(clock.start()).toBe(60_000);
    await machine.advance(399);
    expect(fired).toBe(0);
    await machine.advance(1);
    expect(fired).toBe(1);
  });
});

describe("a clock that notices gaps", () => {
  it("does not count the time in which the process could do nothing at all", async () => {
    const machine = new SleepingMachine();
    const clock = new StoppableClock(machine);
    clock.noticeGaps(5_000);
    let firedAtMs: number | undefined;
    clock.schedule(10_000, () => (firedAtMs = clock.monotonicMs()));
    await machine.advance(3_000);
    machine.sleep(3_600_000);
    await machine.advance(6_000);
    expect(firedAtMs).toBeUndefined();
    await machine.advance(2_000);
    // As far as it can tell: to within a beat.
    expect(firedAtMs).toBeGreaterThanOrEqual(9_500);
    expect(firedAtMs).toBeLessThanOrEqual(10_500);
    clock.close();
    expect(machine.pendingTimers).toBe(0);
  });

  it("counts a moment in which it was merely busy", async () => {
    const machine = new SleepingMachine();
    const clock = new StoppableClock(machine);
    clock.noticeGaps(5_000);
    await machine.advance(1_000);
    machine.sleep(4_000);
    await machine.advance(1_000);
    expect(clock.monotonicMs()).toBe(6_000);
    clock.close();
  });
});
