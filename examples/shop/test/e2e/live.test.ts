import { expect, test } from "vitest";
import type { Order } from "../../src/orders/order.ts";
import { describeJourneys } from "../rig/journeys.ts";
import { addToCart, arriveAtOrder, clickOrder, piecesOf, row, shelf } from "../rig/shop-window.ts";
import { createTestDatabase } from "../rig/test-database.ts";
import { startTestShop } from "../rig/test-shop.ts";

describeJourneys("several customers at the same time", (journey) => {
  test(
    "one customer’s order takes the last piece off the other one’s shelf, and gives it back",
    journey(async ({ open }) => {
      const quick = await open();
      const slow = await open();
      await addToCart(slow, "Cake Stand");
      await addToCart(quick, "Cake Stand");
      await clickOrder(quick);
      const id = await arriveAtOrder(quick);

      await shelf(slow, "Cake Stand", 0).waitFor();
      await slow.getByText("only 0 left").waitFor();
      expect(await slow.getByRole("button", { name: "Add Cake Stand" }).isDisabled()).toBe(true);

      await quick.getByRole("button", { name: "Cancel the order" }).click();
      await quick.getByText("This order is cancelled.").waitFor();
      await shelf(slow, "Cake Stand", 1).waitFor();
      await slow.getByText(`Order ${id.slice(0, 8)}`).waitFor();
      await clickOrder(slow);
      await arriveAtOrder(slow);
    }),
  );

  test(
    "of two customers who want the last piece, the later one is told and keeps the cart",
    journey(async ({ open }) => {
      const quick = await open();
      const slow = await open({ allowed: /409 \(Conflict\)/ });
      await addToCart(slow, "Cake Stand");
      await addToCart(slow, "Tea Pot");
      await addToCart(quick, "Cake Stand");
      await clickOrder(quick);
      await arriveAtOrder(quick);

      await clickOrder(slow);
      await slow.getByText("1 × Cake Stand asked for, 0 left").waitFor();
      await slow.getByRole("button", { name: "Remove Cake Stand" }).click();
      await clickOrder(slow);
      await arriveAtOrder(slow);
      expect(await row(slow, "Total")).toEqual(["€39.90"]);
    }),
  );

  test(
    "an order is followed from the shop to its page, and through payment and shipment",
    journey(async ({ shop, open }) => {
      const watcher = await open();
      const { id } = await shop.order("tea-pot");
      await watcher.getByRole("link", { name: `Order ${id.slice(0, 8)}` }).click();
      const helper = await open({ path: `/orders/${id}` });

      await helper.getByRole("button", { name: "Pay" }).click();
      await watcher.getByText("This order is paid.").waitFor();
      await watcher.getByRole("button", { name: "Ship" }).click();
      await helper.getByText("This order is shipped.").waitFor();
      expect(await helper.locator("#actions").getByRole("button").count()).toBe(0);

      await watcher.goBack();
      await shelf(watcher, "Tea Pot", 11).waitFor();
    }),
  );

  test(
    "two windows of one customer share the cart",
    journey(async ({ open }) => {
      const one = await open();
      const other = await one.context().newPage();
      await other.goto(one.url());
      await addToCart(one, "Salt & Pepper");
      await addToCart(other, "Salt & Pepper");
      await expect.poll(() => piecesOf(one, "Salt & Pepper").inputValue()).toBe("2");
      await clickOrder(one);
      await arriveAtOrder(one);
      await other.getByText("There is nothing in the cart.").waitFor();
    }),
  );

  test(
    "a page outlives a restart of the shop, and catches up on what it missed",
    journey(async ({ use, open }) => {
      const database = use(await createTestDatabase());
      const before = await startTestShop({ databaseAddress: database.address });
      const page = await open({ url: before.url, allowed: /WebSocket connection to|ERR_CONNECTION_REFUSED/ });
      await addToCart(page, "Tea Pot");
      await before[Symbol.asyncDispose]();
      await page.getByText("Not live, trying again").waitFor();
      await clickOrder(page);
      await page.getByText("The shop cannot be reached").waitFor();

      // Somebody else was there first: the order is placed before the page can be back.
      const after = use(
        await startTestShop({ databaseAddress: database.address, port: Number(new URL(before.url).port) }),
      );
      await after.order("tea-pot", 2);
      await shelf(page, "Tea Pot", 10).waitFor();
      await page.getByText("Live", { exact: true }).waitFor();
      await clickOrder(page);
      const id = await arriveAtOrder(page);
      expect((await after.get<Order>(`/api/orders/${id}`)).body).toMatchObject({ totalCents: 3990 });
    }),
  );
});
