import { describe, expect, test } from "vitest";
import { InvalidRequestError, parseOrderRequest } from "../../../src/orders/order-request.ts";

const line = { productId: "tea-pot", quantity: 2 };

function problemsOf(body: unknown): readonly string[] {
  try {
    parseOrderRequest(body);
    return [];
  } catch (error) {
    if (error instanceof InvalidRequestError) return error.problems;
    throw error;
  }
}

describe("an order request", () => {
  test("is what the body says", () => {
    expect(parseOrderRequest({ lines: [line], coupon: " TAKE5 " })).toEqual({ lines: [line], coupon: "TAKE5" });
  });

  test("with an empty coupon field has no coupon", () => {
    const coupons = [undefined, null, "", "  "].map((coupon) => parseOrderRequest({ lines: [line], coupon }).coupon);
    expect(coupons).toEqual([null, null, null, null]);
  });

  test.each([[null], [[]], ["text"]])("cannot be %j instead of an object", (body) => {
    expect(problemsOf(body)).toEqual(["the body must be a JSON object"]);
  });

  test.each([[undefined], [{}], [[]]])("cannot have %j for lines", (lines) => {
    expect(problemsOf({ lines })).toEqual(["lines must be a list with at least one line"]);
  });

  test("asks for whole quantities from 1 to 100", () => {
    const lines = [0, -1, 1.5, 101, "2", null].map((quantity, index) => ({ productId: `product-${index}`, quantity }));
    expect(problemsOf({ lines })).toEqual(
      lines.map((_, index) => `lines[${index}].quantity must be a whole number from 1 to 100`),
    );
  });

  test("names products by their ids", () => {
    const lines = [undefined, "", 7, "Tea Pot", "tea-pot\0"].map((productId) => ({ productId, quantity: 1 }));
    expect(problemsOf({ lines })).toEqual(
      lines.map((_, index) => `lines[${index}].productId must be the id of a product`),
    );
  });

  test("takes up to a hundred pieces in up to fifty lines", () => {
    const lines = Array.from({ length: 51 }, (_, index) => ({ productId: `product-${index}`, quantity: 100 }));
    expect(problemsOf({ lines: lines.slice(1) })).toEqual([]);
    expect(problemsOf({ lines })).toEqual(["an order has at most 50 lines"]);
  });

  test("is told everything that is wrong with it at once", () => {
    const body = { lines: [line, { ...line, quantity: 0 }, "pot"], coupon: 5, cuopon: "TAKE5" };
    expect(problemsOf(body)).toEqual([
      'unknown field "cuopon"',
      'lines[1] repeats the product "tea-pot"',
      "lines[1].quantity must be a whole number from 1 to 100",
      "lines[2] must be an object",
      "coupon must be a string",
    ]);
  });
});
