import { describe, expect, test } from "vitest";
import { IllegalTransitionError, nextStatus } from "../../../src/orders/order-status.ts";

describe("an order", () => {
  test.each([
    ["placed", "pay", "paid"],
    ["placed", "cancel", "cancelled"],
    ["paid", "ship", "shipped"],
    ["paid", "cancel", "cancelled"],
  ] as const)("that is %s lets you %s it and is %s then", (status, action, next) => {
    expect(nextStatus(status, action)).toBe(next);
  });

  test.each([
    ["placed", "ship"],
    ["paid", "pay"],
  ] as const)("that is %s does not let you %s it", (status, action) => {
    expect(() => nextStatus(status, action)).toThrow(IllegalTransitionError);
  });

  test.each(["shipped", "cancelled"] as const)("that is %s stays so", (status) => {
    for (const action of ["pay", "ship", "cancel"] as const) {
      expect(() => nextStatus(status, action)).toThrow(`cannot ${action} an order that is ${status}`);
    }
  });
});
