import { describe, expect, it } from "vitest";
import { testLocation, testTitle } from "../../src/render/test-title.ts";

const place = { projectRoot: "/code/shop", cwd: "/code/shop/packages/api" };
const test = { name: "adds", suites: ["Cart", "when empty"], file: "test/cart.test.ts", line: 12 };

describe("a failed test's title and place", () => {
  it("joins the suites and the name", () => {
    expect(testTitle(test)).toBe("Cart > when empty > adds");
  });

  it("tells the file from the project's root, so that an editor can open it", () => {
    expect(testLocation(test, place)).toBe("packages/api/test/cart.test.ts:12");
    expect(testLocation({ ...test, file: "/code/shop/test/x.ts" }, place)).toBe("test/x.ts:12");
  });

  it("leaves a file outside the project, or without a known root, as it was reported", () => {
    expect(testLocation({ ...test, file: "/tmp/x.ts" }, place)).toBe("/tmp/x.ts:12");
    expect(testLocation(test, undefined)).toBe("test/cart.test.ts:12");
  });

  it("needs neither line nor file", () => {
    expect(testLocation({ name: "a", suites: [], file: "x.py" }, undefined)).toBe("x.py");
    expect(testLocation({ name: "a", suites: [] }, place)).toBeUndefined();
  });
});
