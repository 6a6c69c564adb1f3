import { describe, expect, it } from "vitest";
import { causeOf } from "../../src/report/failure-cause.ts";

describe("causeOf", () => {
  it.each([
    ["expected 1 to be 2", "expected <n> to be <n>"],
    ["expected 12.5 to be -3e8", "expected <n> to be <n>"],
    ["timeout of 5000ms exceeded", "timeout of <n>ms exceeded"],
    ["connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED <n>"],
    ["no order 6f9619ff-8b86-d011-b42d-00c04fc964ff", "no order <uuid>"],
    ["ENOENT: open '/tmp/apex-x1/a b.json'", "ENOENT: open <value>"],
    ["cannot read /tmp/apex-Qz81/cart.db now", "cannot read <path> now"],
    ["at 2026-01-31T12:00:00.000Z it broke", "at <time> it broke"],
    ['expected "a \\" b" to equal \'it\'', "expected <value> to equal <value>"],
    ["it can't be and it isn't", "it can't be and it isn't"],
    ["commit 4ac92c7d1e at 0xDEADbeef", "commit <hex> at <hex>"],
    ["\u001b[31mred\u001b[39m   and  spaces", "red and spaces"],
    ["\n\n  second line\nthird", "second line"],
    ["utf8 is not base64x", "utf8 is not base64x"],
  ])("reads %j as %j", (message, cause) => {
    expect(causeOf(message)).toBe(cause);
  });

  it("takes no time over a message that was made to take it", () => {
    const started = performance.now();
    for (const hard of ["'a'b".repeat(50_000), '"\\'.repeat(50_000), "a1".repeat(50_000), "/tmp/".repeat(20_000)])
      causeOf(hard);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
