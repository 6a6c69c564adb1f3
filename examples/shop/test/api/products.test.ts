import { expect, test } from "vitest";
import type { Product } from "../../src/catalog/product.ts";
import type { ErrorBody } from "../../src/server/error-response.ts";
import { startTestShop } from "../rig/test-shop.ts";
import { disposing } from "../rig/disposing.ts";

test(
  "GET /api/products lists all products by name",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { status, body } = await shop.get<Product[]>("/api/products");
    expect(status).toBe(200);
    expect(body.map((product) => product.name)).toEqual([
      "Bread Knife",
      "Cake Stand",
      "Espresso Cup",
      "Salt & Pepper",
      "Tea Pot",
    ]);
  }),
);

test(
  "GET /api/products/:id answers one product",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { status, body } = await shop.get<Product>("/api/products/tea-pot");
    expect(status).toBe(200);
    expect(body).toEqual({ id: "tea-pot", name: "Tea Pot", priceCents: 3990, stock: 12 });
  }),
);

test(
  "GET /api/products/:id finds nothing under any other id, however odd",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    for (const id of ["tea-cup", "TEA-POT", "%00", "'%20OR%201=1"]) {
      const { status, body } = await shop.get<ErrorBody>(`/api/products/${id}`);
      expect({ id, status, code: body.error.code }).toEqual({ id, status: 404, code: "unknown-product" });
    }
  }),
);
