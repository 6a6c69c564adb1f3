import { expect, test } from "vitest";
import type { Product } from "../../src/catalog/product.ts";
import type { Order } from "../../src/orders/order.ts";
import type { ErrorBody } from "../../src/server/error-response.ts";
import { startTestShop } from "../rig/test-shop.ts";
import { disposing } from "../rig/disposing.ts";

const lines = [
  { productId: "espresso-cup", quantity: 5 },
  { productId: "tea-pot", quantity: 1 },
];

test(
  "POST /api/orders answers the priced order and takes its pieces off the shelf",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { status, body } = await shop.post<Order>("/api/orders", { lines, coupon: "welcome10" });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: "placed",
      lines: [
        { productId: "espresso-cup", quantity: 5, unitPriceCents: 1250, discountCents: 312, totalCents: 5938 },
        { productId: "tea-pot", quantity: 1, unitPriceCents: 3990, discountCents: 0, totalCents: 3990 },
      ],
      subtotalCents: 9928,
      coupon: "WELCOME10",
      couponDiscountCents: 992,
      totalCents: 8936,
    });
    expect((await shop.get<Product>("/api/products/espresso-cup")).body.stock).toBe(35);
  }),
);

test(
  "GET /api/orders/:id answers the order as it was placed",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { body: placed } = await shop.post<Order>("/api/orders", { lines });
    const { status, body } = await shop.get<Order>(`/api/orders/${placed.id}`);
    expect(status).toBe(200);
    expect(body).toEqual(placed);
  }),
);

test.each([
  ["a body that is not JSON", '{"lines":', 400, "invalid-request"],
  ["an order of nothing", { lines: [] }, 400, "invalid-request"],
  ["a body that is too long", { lines, coupon: "x".repeat(20_000) }, 400, "invalid-request"],
  ["a product that does not exist", { lines: [{ productId: "tea-cup", quantity: 1 }] }, 404, "unknown-product"],
  ["more than there is", { lines: [{ productId: "cake-stand", quantity: 2 }] }, 409, "out-of-stock"],
  ["a coupon that does not exist", { lines, coupon: "FREE" }, 422, "coupon-refused"],
] as const)("POST /api/orders refuses %s", (_, body, status, code) =>
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const answer = await shop.post("/api/orders", body);
    expect(answer).toEqual({ status, body: { error: { code, message: expect.any(String) } } });
    expect(shop.bugs).toEqual([]);
  })(),
);

test(
  "a refused order leaves the shelves as they were",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const before = await shop.get("/api/products");
    const below = { lines: [{ productId: "espresso-cup", quantity: 1 }], coupon: "TAKE5" };
    expect((await shop.post("/api/orders", below)).status).toBe(422);
    expect(await shop.get("/api/products")).toEqual(before);
  }),
);

test(
  "an order is paid, then shipped",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { id } = await shop.order("tea-pot");
    expect(await shop.post(`/api/orders/${id}/pay`)).toMatchObject({ status: 200, body: { id, status: "paid" } });
    expect(await shop.post(`/api/orders/${id}/ship`)).toMatchObject({ status: 200, body: { id, status: "shipped" } });
    expect(await shop.get(`/api/orders/${id}`)).toMatchObject({ status: 200, body: { id, status: "shipped" } });
  }),
);

test(
  "a cancelled order puts its pieces back",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { id } = await shop.order("cake-stand");
    expect(await shop.post(`/api/orders/${id}/cancel`)).toMatchObject({ status: 200, body: { status: "cancelled" } });
    expect((await shop.get<Product>("/api/products/cake-stand")).body.stock).toBe(1);
  }),
);

test(
  "an action that the order’s status does not allow is refused and changes nothing",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { id } = await shop.order("tea-pot");
    expect(await shop.post(`/api/orders/${id}/ship`)).toEqual({
      status: 409,
      body: { error: { code: "illegal-transition", message: "cannot ship an order that is placed" } },
    });
    expect((await shop.get<Order>(`/api/orders/${id}`)).body.status).toBe("placed");
  }),
);

test(
  "an order that nobody placed is neither found nor changed, however odd its id",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    for (const id of ["00000000-0000-4000-8000-000000000000", "1", "%00"]) {
      const answers = [await shop.get<ErrorBody>(`/api/orders/${id}`), await shop.post(`/api/orders/${id}/pay`)];
      for (const { status, body } of answers) {
        expect({ id, status, code: body.error.code }).toEqual({ id, status: 404, code: "unknown-order" });
      }
    }
  }),
);
