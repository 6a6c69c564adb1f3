import type { BrowserPage } from "happy-dom";
import { expect, test } from "vitest";
import type { Order } from "../../src/orders/order.ts";
import { disposing } from "../rig/disposing.ts";
import { click, find, openPage, visibleText } from "../rig/page-window.ts";
import { startTestShop } from "../rig/test-shop.ts";

const textOf = (page: BrowserPage, selector: string) => () => visibleText(page, selector);

test(
  "an order offers what can be done with it, and goes on when others do it",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { id } = await shop.order("tea-pot");
    const page = await openPage(`${shop.url}/orders/${id}`, use);
    expect([visibleText(page, "#status"), visibleText(page, "#actions")]).toEqual(["placed", "PayCancel the order"]);
    await shop.post(`/api/orders/${id}/pay`);
    await expect.poll(textOf(page, "#status")).toBe("paid");
    expect(visibleText(page, "#actions")).toBe("ShipCancel the order");
    await shop.post(`/api/orders/${id}/ship`);
    await expect.poll(textOf(page, "#status")).toBe("shipped");
    expect(visibleText(page, "#actions")).toBe("");
  }),
);

test(
  "a click on Pay pays, and the focus goes on to what can be done next",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { id } = await shop.order("tea-pot");
    const page = await openPage(`${shop.url}/orders/${id}`, use);
    find(page, "#actions button").focus();
    click(page, "#actions button");
    await expect.poll(textOf(page, "#status")).toBe("paid");
    expect((await shop.get<Order>(`/api/orders/${id}`)).body.status).toBe("paid");
    expect(page.mainFrame.document.activeElement?.textContent).toBe("Ship");
  }),
);

test(
  "an order’s page does not care for other orders",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const mine = await shop.order("tea-pot");
    const other = await shop.order("tea-pot");
    const page = await openPage(`${shop.url}/orders/${mine.id}`, use);
    await shop.post(`/api/orders/${other.id}/cancel`);
    // Events come in their order: once this one is there, the other one was.
    await shop.post(`/api/orders/${mine.id}/pay`);
    await expect.poll(textOf(page, "#status")).toBe("paid");
    expect(visibleText(page, "h1")).toBe(`Order ${mine.id.slice(0, 8)}`);
  }),
);

test(
  "an action that fails says why, and can be tried again",
  disposing(async (use) => {
    const shop = use(await startTestShop());
    const { id } = await shop.order("tea-pot");
    const page = await openPage(`${shop.url}/orders/${id}`, use);
    await shop.breakDatabase();
    click(page, "#actions button");
    await expect.poll(textOf(page, "#notice")).toBe("something went wrong in the shop");
    expect(visibleText(page, "#actions")).toBe("PayCancel the order");
  }),
);
