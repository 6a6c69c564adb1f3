import { expect, test } from "vitest";
import type { Order } from "../../src/orders/order.ts";
import { describeJourneys } from "../rig/journeys.ts";
import { addToCart, arriveAtOrder, clickOrder, piecesOf, row, shelf } from "../rig/shop-window.ts";

describeJourneys("what must never break", (journey) => {
  test(
    "a customer browses, fills the cart, orders, and the shop has the order",
    journey(async ({ shop, open }) => {
      const page = await open();
      await addToCart(page, "Tea Pot");
      await addToCart(page, "Espresso Cup");
      await piecesOf(page, "Espresso Cup").fill("5");
      await page.getByLabel("Coupon").fill("welcome10");
      await page.getByText("Sum before discounts €102.40").waitFor();
      await clickOrder(page);

      const id = await arriveAtOrder(page);
      expect(await row(page, "Espresso Cup")).toEqual(["5", "-€3.12", "€59.38"]);
      expect(await row(page, "Coupon WELCOME10")).toEqual(["-€9.92"]);
      expect(await row(page, "Total")).toEqual(["€89.36"]);
      expect((await shop.get<Order>(`/api/orders/${id}`)).body).toMatchObject({ status: "placed", totalCents: 8936 });

      await page.getByRole("link", { name: "Back to the shop" }).click();
      await page.getByText("There is nothing in the cart.").waitFor();
      await shelf(page, "Espresso Cup", 35).waitFor();
    }),
  );

  test(
    "what is in the cart is still there after a reload, and can be ordered",
    journey(async ({ open }) => {
      const page = await open();
      await addToCart(page, "Bread Knife");
      await addToCart(page, "Bread Knife");
      await page.reload();
      expect(await piecesOf(page, "Bread Knife").inputValue()).toBe("2");
      await clickOrder(page);
      await arriveAtOrder(page);
      expect(await row(page, "Total")).toEqual(["€54.90"]);
    }),
  );

  test(
    "whoever clicks twice on Order gets one order",
    journey(async ({ shop, open }) => {
      const page = await open();
      await addToCart(page, "Tea Pot");
      await page.getByRole("button", { name: "Order", exact: true }).dblclick();
      await arriveAtOrder(page);
      expect((await shop.get("/api/products/tea-pot")).body).toMatchObject({ stock: 11 });
    }),
  );
});
