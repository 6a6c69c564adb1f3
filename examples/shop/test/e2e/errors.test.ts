import { expect, test } from "vitest";
import { openDatabase } from "../../src/database/open-database.ts";
import { describeJourneys } from "../rig/journeys.ts";
import { addToCart, arriveAtOrder, clickOrder, piecesOf, row } from "../rig/shop-window.ts";
import { createTestDatabase } from "../rig/test-database.ts";
import { startTestShop } from "../rig/test-shop.ts";

describeJourneys("when something goes wrong", (journey) => {
  test(
    "a coupon that is refused can be corrected without losing the cart",
    journey(async ({ open }) => {
      const page = await open({ allowed: /422 \(Unprocessable Entity\)/ });
      await addToCart(page, "Salt & Pepper");
      const coupon = page.getByLabel("Coupon");
      await coupon.fill("FREE");
      await clickOrder(page);
      await page.getByText('there is no coupon "FREE"').waitFor();
      await coupon.fill("TAKE5");
      await clickOrder(page);
      await page.getByText("coupon TAKE5 is for carts of €20.00 and more").waitFor();
      await addToCart(page, "Salt & Pepper");
      await clickOrder(page);
      await arriveAtOrder(page);
      expect(await row(page, "Coupon TAKE5")).toEqual(["-€5.00"]);
      expect(await row(page, "Total")).toEqual(["€24.98"]);
    }),
  );

  test(
    "a number of pieces that cannot be is stopped before it is ordered",
    journey(async ({ shop, open }) => {
      const page = await open();
      await addToCart(page, "Tea Pot");
      for (const nonsense of ["0", "101", "1.5", ""]) {
        await piecesOf(page, "Tea Pot").fill(nonsense);
        await clickOrder(page);
        const refused = await page.locator("#lines input:invalid").count();
        expect([nonsense, refused, new URL(page.url()).pathname]).toEqual([nonsense, 1, "/"]);
      }
      expect((await shop.get("/api/products/tea-pot")).body).toMatchObject({ stock: 12 });
      await piecesOf(page, "Tea Pot").fill("2");
      await clickOrder(page);
      await arriveAtOrder(page);
    }),
  );

  test(
    "an address of no order leads back to the shop",
    journey(async ({ shop, open }) => {
      const page = await open({ allowed: /404 \(Not Found\)/ });
      const answer = await page.goto(`${shop.url}/orders/00000000-0000-4000-8000-000000000000`);
      expect(answer?.status()).toBe(404);
      await page.getByRole("heading", { name: "There is no such order" }).waitFor();
      await page.getByRole("link", { name: "Back to the shop" }).click();
      await page.getByRole("heading", { name: "Products" }).waitFor();
    }),
  );

  test(
    "a name that is markup is shown as it is, wherever it comes up",
    journey(async ({ use, open }) => {
      const place = use(await createTestDatabase());
      const database = await openDatabase(place.address);
      const hostile = `<img src="x" onerror="document.title='owned'">`;
      await database.query("UPDATE products SET name = $1 WHERE id = $2", [hostile, "tea-pot"]);
      await database.close();
      const page = await open({ url: use(await startTestShop({ databaseAddress: place.address })).url });

      await addToCart(page, hostile);
      await page.getByText(`${hostile} is in the cart`).waitFor();
      await clickOrder(page);
      await arriveAtOrder(page);
      await page.getByRole("rowheader", { name: hostile }).waitFor();
      expect([await page.locator("img").count(), await page.title()]).toEqual([
        0,
        expect.stringMatching(/^Order \S+ · The Kitchen Shop$/),
      ]);
    }),
  );
});
