import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRunId } from "../src/ids.ts";

const time = fc.date({ min: new Date("2020-01-01"), max: new Date("2090-01-01"), noInvalidDate: true });

describe("the id of a run", () => {
  it("tells its start, and nothing that a path could not hold", () => {
    const id = createRunId(new Date("2026-01-31T14:25:01.042Z"), () => 0.999);
    expect(id).toBe("20260131-142501-16zzzzzz");
  });

  it("sorts by time, to the millisecond", () => {
    fc.assert(
      fc.property(time, time, (left, right) => {
        if (left.getTime() === right.getTime()) return;
        expect(createRunId(left) < createRunId(right)).toBe(left < right);
      }),
    );
    const second = new Date("2026-01-31T14:25:01.000Z").getTime();
    const ids = Array.from({ length: 1_000 }, (_, ms) => createRunId(new Date(second + ms)));
    expect(ids.toSorted()).toEqual(ids);
  });
});
