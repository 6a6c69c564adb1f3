import { expect, test } from "vitest";
import type { ProductId } from "../../../src/catalog/product.ts";
import { renderPage } from "../../../src/server/page.ts";

test("a product’s name cannot smuggle markup into the page", async () => {
  const page = await renderPage([
    { id: 'a"><i>' as ProductId, name: "<script>alert(\"1\")</script> & 'co'", priceCents: 100, stock: 1 },
  ]);
  expect(page.toString()).toContain('data-product="a&quot;&gt;&lt;i&gt;"');
  expect(page.toString()).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;co&#39;");
});
