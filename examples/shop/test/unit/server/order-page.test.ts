import { expect, test } from "vitest";
import type { ProductId } from "../../../src/catalog/product.ts";
import type { Order, OrderId } from "../../../src/orders/order.ts";
import { renderOrderPage } from "../../../src/server/order-page.ts";

const line = {
  productId: "tea-pot" as ProductId,
  name: "Tea <b>Pot</b>",
  quantity: 5,
  unitPriceCents: 3990,
  discountCents: 997,
  totalCents: 18_953,
};

const order: Order = {
  id: "0b1f7f52-1d3c-4f43-9f0e-000000000001" as OrderId,
  status: "placed",
  placedAt: "2026-05-04T12:00:00.000Z",
  changedAt: "2026-05-04T12:00:00.000Z",
  lines: [line],
  subtotalCents: 18_953,
  coupon: null,
  couponDiscountCents: 0,
  totalCents: 18_953,
};

test("an order is shown with its lines, its discounts and its total, and never as markup", async () => {
  const page = (await renderOrderPage(order)).toString();
  expect(page).toContain("<h1>Order 0b1f7f52</h1>");
  expect(page).toContain("Tea &lt;b&gt;Pot&lt;/b&gt;");
  expect(page).toContain("<td>-€9.97</td>");
  expect(page).toContain("<td>€189.53</td>");
  expect(page).not.toContain("Coupon");
});

test("what a coupon took off is shown with its code", async () => {
  const withCoupon = { ...order, coupon: "TAKE5", couponDiscountCents: 500, totalCents: 18_453 };
  expect((await renderOrderPage(withCoupon)).toString()).toMatch(/Coupon TAKE5<\/th>\s*<td>-€5\.00<\/td>/);
});
