import type { BrowserPage } from "happy-dom";
import { expect, test } from "vitest";
import type { Product } from "../../src/catalog/product.ts";
import { disposing } from "../rig/disposing.ts";
import { click, find, openPage, type, visibleText } from "../rig/page-window.ts";
import { startTestShop } from "../rig/test-shop.ts";

const add = (page: BrowserPage, productId: string) => click(page, `[data-product="${productId}"] button`);
const textOf = (page: BrowserPage, selector: string) => () => visibleText(page, selector);
const stockOf = (page: BrowserPage, productId: string) => textOf(page, `[data-product="${productId}"] [data-stock]`);

test(
  "what is added twice is one line of two pieces",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const page = await openPage(shop.url, use);
    expect(visibleText(page, "#empty")).toBe("There is nothing in the cart.");
    add(page, "tea-pot");
    add(page, "salt-and-pepper");
    add(page, "tea-pot");
    expect(visibleText(page, "#notice")).toBe("Tea Pot is in the cart");
    expect(visibleText(page, "#lines")).toBe("Tea Pot€79.80RemoveSalt & Pepper€14.99Remove");
    expect(visibleText(page, "#sum")).toBe("€94.79");
    expect(visibleText(page, "#empty")).toBe("");
  }),
);

test(
  "the number of pieces can be changed, but not to one that cannot be ordered",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const page = await openPage(shop.url, use);
    add(page, "tea-pot");
    type(page, "#lines input", "3");
    expect(visibleText(page, "#sum")).toBe("€119.70");
    for (const nonsense of ["0", "-1", "101", "1.5", ""]) {
      type(page, "#lines input", nonsense);
      expect([nonsense, visibleText(page, "#sum")]).toEqual([nonsense, "€119.70"]);
    }
  }),
);

test(
  "what is removed is out of the cart, and the focus is not lost with it",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const page = await openPage(shop.url, use);
    add(page, "tea-pot");
    click(page, "#lines button");
    expect(visibleText(page, "#empty")).toBe("There is nothing in the cart.");
    expect(visibleText(page, "#cart")).toBe("");
    expect(page.mainFrame.document.activeElement?.id).toBe("cart-title");
  }),
);

test(
  "a cart that cannot be read is empty, and what the shop no longer has is not in it",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const page = await openPage(shop.url, use);
    for (const [stored, shown] of [
      ["{{", ""],
      ["7", ""],
      ['[["tea-cosy",2],["tea-pot",1]]', "Tea Pot€39.90Remove"],
    ] as const) {
      page.mainFrame.window.localStorage.setItem("cart", stored);
      page.mainFrame.window.dispatchEvent(new page.mainFrame.window.Event("storage"));
      expect([stored, visibleText(page, "#lines")]).toEqual([stored, shown]);
    }
  }),
);

test(
  "stock follows the orders of others; what is sold out cannot be added, what is short is said so",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const page = await openPage(shop.url, use);
    add(page, "bread-knife");
    type(page, "#lines input", "8");
    await shop.order("cake-stand");
    await shop.order("bread-knife", 3);
    await expect.poll(stockOf(page, "bread-knife")).toBe("5");
    expect(visibleText(page, "[data-short]")).toBe("only 5 left");
    expect(stockOf(page, "cake-stand")()).toBe("0");
    expect(find(page, '[data-product="cake-stand"] button').hasAttribute("disabled")).toBe(true);
  }),
);

test(
  "orders of everybody are listed, each once and the latest first",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const page = await openPage(shop.url, use);
    const first = await shop.order("tea-pot");
    const second = await shop.order("espresso-cup");
    await shop.post(`/api/orders/${first.id}/pay`);
    const name = ({ id }: { id: string }) => `Order ${id.slice(0, 8)}`;
    await expect.poll(textOf(page, "#orders")).toBe(`${name(first)}€39.90 · paid${name(second)}€12.50 · placed`);
  }),
);

test(
  "an order that is refused says why, and the cart stays as it was",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const page = await openPage(shop.url, use);
    add(page, "cake-stand");
    type(page, "#lines input", "2");
    click(page, "button.main");
    await expect.poll(textOf(page, "#notice")).toBe("2 × Cake Stand asked for, 1 left");
    expect(visibleText(page, "#sum")).toBe("€118.00");
    expect(find(page, "button.main").hasAttribute("disabled")).toBe(false);
  }),
);

test(
  "an order empties the cart and leads to its page",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const page = await openPage(shop.url, use);
    add(page, "cake-stand");
    click(page, "button.main");
    await expect.poll(() => page.mainFrame.url).toMatch(/\/orders\/[0-9a-f-]{36}$/);
    expect(page.mainFrame.window.localStorage.getItem("cart")).toBe(null);
    const { body: products } = await shop.get<Product[]>("/api/products");
    expect(products.find(({ id }) => id === "cake-stand")?.stock).toBe(0);
  }),
);

test(
  "a shop that is broken or gone is told as such, and the cart stays",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const page = await openPage(shop.url, use);
    add(page, "tea-pot");
    await shop.breakDatabase();
    click(page, "button.main");
    await expect.poll(textOf(page, "#notice")).toBe("something went wrong in the shop");
    await shop[Symbol.asyncDispose]();
    await expect.poll(textOf(page, "#connection")).toBe("Not live, trying again");
    click(page, "button.main");
    await expect.poll(textOf(page, "#notice")).toBe("The shop cannot be reached");
    expect(visibleText(page, "#sum")).toBe("€39.90");
  }),
);
