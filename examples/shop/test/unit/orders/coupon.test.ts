import { expect, test } from "vitest";
import { type Coupon, CouponRefusedError, couponDiscountCents, findCoupon } from "../../../src/orders/coupon.ts";

test("a coupon is found whatever the case of its code", () => {
  expect(findCoupon("welcome10").code).toBe("WELCOME10");
});

test("a code that nobody gave out is refused by name", () => {
  expect(() => findCoupon("FREE")).toThrow(new CouponRefusedError('there is no coupon "FREE"'));
});

test("a coupon never takes off more than the cart costs", () => {
  const generous: Coupon = { code: "GENEROUS", kind: "amount", amountCents: 500, minimumCents: 0 };
  expect(couponDiscountCents(generous, 300)).toBe(300);
});
