import { formatCents, percentOf } from "../catalog/money.ts";
import { ShopError } from "../shop-error.ts";

/** A code that makes a cart cheaper, by a share of it or by a fixed amount. */
export type Coupon = { readonly code: string; readonly minimumCents: number } & (
  | { readonly kind: "percent"; readonly percent: number }
  | { readonly kind: "amount"; readonly amountCents: number }
);

export class CouponRefusedError extends ShopError {
  readonly code = "coupon-refused";
}

const COUPONS: readonly Coupon[] = [
  { code: "WELCOME10", kind: "percent", percent: 10, minimumCents: 0 },
  { code: "TAKE5", kind: "amount", amountCents: 500, minimumCents: 2000 },
];

/**
 * The coupon of that code, whatever its case.
 * @throws CouponRefusedError if there is none
 */
export function findCoupon(code: string): Coupon {
  const coupon = COUPONS.find((candidate) => candidate.code === code.toUpperCase());
  if (!coupon) throw new CouponRefusedError(`there is no coupon "${code}"`);
  return coupon;
}

/**
 * What the coupon takes off a cart, in cents; never more than the cart costs.
 * @throws CouponRefusedError if the cart is below the coupon's minimum
 */
export function couponDiscountCents(coupon: Coupon, subtotalCents: number): number {
  if (subtotalCents < coupon.minimumCents) {
    throw new CouponRefusedError(`coupon ${coupon.code} is for carts of ${formatCents(coupon.minimumCents)} and more`);
  }
  switch (coupon.kind) {
    case "percent":
      return percentOf(subtotalCents, coupon.percent);
    case "amount":
      return Math.min(coupon.amountCents, subtotalCents);
    default:
      coupon satisfies never;
      throw new TypeError("a coupon of an unknown kind");
  }
}
