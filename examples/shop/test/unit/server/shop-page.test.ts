import { expect, test } from "vitest";
import type { ProductId } from "../../../src/catalog/product.ts";
import { renderShopPage } from "../../../src/server/shop-page.ts";

test("a product’s name cannot smuggle markup into the page", async () => {
  const page = await renderShopPage([
    { id: 'a"><i>' as ProductId, name: "<script>alert(\"1\")</script> & 'co'", priceCents: 100, stock: 1 },
  ]);
  expect(page.toString()).toContain('data-product="a&quot;&gt;&lt;i&gt;"');
  expect(page.toString()).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;co&#39;");
});

test("only what is there can be put into the cart", async () => {
  const tea = { id: "tea-pot" as ProductId, name: "Tea Pot", priceCents: 3990 };
  expect((await renderShopPage([{ ...tea, stock: 1 }])).toString()).not.toContain("disabled");
  expect((await renderShopPage([{ ...tea, stock: 0 }])).toString()).toContain("disabled");
});
