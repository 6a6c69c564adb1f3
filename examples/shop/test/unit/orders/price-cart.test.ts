import { describe, expect, test } from "vitest";
import type { Product, ProductId } from "../../../src/catalog/product.ts";
import { CouponRefusedError, findCoupon } from "../../../src/orders/coupon.ts";
import { priceCart, quantityDiscountPercent } from "../../../src/orders/price-cart.ts";

const cup: Product = { id: "cup" as ProductId, name: "Cup", priceCents: 999, stock: 100 };
const pot: Product = { id: "pot" as ProductId, name: "Pot", priceCents: 4000, stock: 100 };

describe("the quantity discount", () => {
  test("is 5 percent from 5 pieces of a product, 10 percent from 10", () => {
    expect([1, 4, 5, 9, 10, 100].map(quantityDiscountPercent)).toEqual([0, 0, 5, 5, 10, 10]);
  });

  test("counts the pieces of each line on its own", () => {
    const cart = priceCart(
      [
        { product: cup, quantity: 4 },
        { product: pot, quantity: 4 },
      ],
      null,
    );
    expect(cart.lines.map((line) => line.discountCents)).toEqual([0, 0]);
  });
});

describe("a priced cart", () => {
  test("spells out how every line came to its price", () => {
    const { lines } = priceCart([{ product: cup, quantity: 5 }], null);
    expect(lines).toEqual([
      { productId: "cup", name: "Cup", quantity: 5, unitPriceCents: 999, discountCents: 249, totalCents: 4746 },
    ]);
  });

  test("without a coupon costs the sum of its lines", () => {
    const cart = priceCart(
      [
        { product: cup, quantity: 2 },
        { product: pot, quantity: 1 },
      ],
      null,
    );
    expect(cart).toMatchObject({ subtotalCents: 5998, coupon: null, couponDiscountCents: 0, totalCents: 5998 });
  });

  test("takes the coupon off what the quantity discounts left", () => {
    const cart = priceCart([{ product: pot, quantity: 10 }], findCoupon("WELCOME10"));
    expect(cart).toMatchObject({
      subtotalCents: 36_000,
      coupon: "WELCOME10",
      couponDiscountCents: 3600,
      totalCents: 32_400,
    });
  });

  test("reaches a coupon’s minimum with exactly that amount", () => {
    const exact = { ...pot, priceCents: 2000 };
    expect(priceCart([{ product: exact, quantity: 1 }], findCoupon("TAKE5")).totalCents).toBe(1500);
  });

  test("refuses a coupon one cent below its minimum", () => {
    const below = { ...pot, priceCents: 1999 };
    expect(() => priceCart([{ product: below, quantity: 1 }], findCoupon("TAKE5"))).toThrow(
      new CouponRefusedError("coupon TAKE5 is for carts of €20.00 and more"),
    );
  });
});
