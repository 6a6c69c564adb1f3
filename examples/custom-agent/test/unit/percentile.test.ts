import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { percentile } from "../../src/percentile.ts";

describe("a percentile", () => {
  it("is the nearest rank, whatever the order of the values", () => {
    const values = [30, 10, 20, 50, 40];
    assert.deepEqual(
      [0, 0.2, 0.5, 0.95, 1].map((share) => percentile(values, share)),
      [10, 10, 30, 50, 50],
    );
    assert.deepEqual(values, [30, 10, 20, 50, 40]);
  });

  it("of no values is an error, not a number", () => {
    assert.throws(() => percentile([], 0.5), RangeError);
  });
});
