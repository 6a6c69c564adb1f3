import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReadyQueue } from "../../src/dag/ready-queue.ts";

/** Pushes so many, then takes so many. */
const rounds = fc.array(fc.record({ pushed: fc.array(fc.nat(20), { maxLength: 8 }), taken: fc.nat(8) }));

describe("a ready queue", () => {
  it("hands out what is in it in sorted order, whatever comes in between", () => {
    fc.assert(
      fc.property(rounds, (all) => {
        const queue = new ReadyQueue((left, right) => left < right);
        const model: number[] = [];
        for (const { pushed, taken } of all) {
          for (const index of pushed) {
            queue.push(index);
            model.push(index);
          }
          model.sort((left, right) => left - right);
          for (let left = taken; left > 0; left -= 1) {
            expect(queue.peek()).toBe(model[0]);
            expect(queue.pop()).toBe(model.shift());
            expect(queue.size).toBe(model.length);
          }
        }
      }),
    );
  });

  it("prefers whatever it is told to prefer", () => {
    const priorities = [3, 1, 2];
    const queue = new ReadyQueue((left, right) => (priorities[left] ?? 0) < (priorities[right] ?? 0));
    for (const index of priorities.keys()) queue.push(index);
    expect([queue.pop(), queue.pop(), queue.pop(), queue.pop()]).toEqual([1, 2, 0, undefined]);
  });
});
