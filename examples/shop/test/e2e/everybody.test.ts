import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { describeJourneys } from "../rig/journeys.ts";
import { addToCart, arriveAtOrder, clickOrder, piecesOf } from "../rig/shop-window.ts";

/** What of the accessibility rules (WCAG 2.2 AA) the page breaks: the rules, each with the elements. */
async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate<axe.AxeResults>(
    `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] })`,
  );
  // A check that looked at nothing finds nothing.
  expect(passes.length).toBeGreaterThan(15);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(", ")}`);
}

/** Runs in the page: the name of what has the focus, and the style of its outline. */
const readFocus = `(() => {
  const focused = document.activeElement;
  const label = focused.getAttribute("aria-label") ?? (focused.closest("label") ?? focused).textContent.trim();
  return [label, getComputedStyle(focused).outlineStyle];
})()`;

/** Presses Tab until the element of that name has the focus, and checks that the focus can be seen. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    const [label, outline] = await page.evaluate<[string, string]>(readFocus);
    expect([label, outline]).toEqual([label, "solid"]);
    if (label === name) return;
  }
  throw new Error(`40 presses of Tab did not lead to “${name}”`);
}

describeJourneys("the shop is for everybody", (journey) => {
  test(
    "a purchase needs no mouse",
    journey(async ({ open }) => {
      const page = await open();
      await page.keyboard.press("Tab");
      expect(await page.locator(":focus").textContent()).toBe("Skip to the content");
      await page.keyboard.press("Enter");
      await tabTo(page, "Add Tea Pot to the cart");
      await page.keyboard.press("Enter");
      await tabTo(page, "Pieces of Tea Pot");
      await page.keyboard.press("ArrowUp");
      await page.getByText("Sum before discounts €79.80").waitFor();
      await tabTo(page, "Remove Tea Pot");
      await page.keyboard.press("Enter");
      await page.getByText("Tea Pot is out of the cart").waitFor();
      expect(await page.locator(":focus").textContent()).toBe("Cart");

      await page.getByRole("button", { name: "Add Bread Knife to the cart" }).focus();
      await page.keyboard.press("Space");
      await tabTo(page, "Coupon");
      await page.keyboard.type("TAKE5");
      await page.keyboard.press("Enter");
      await arriveAtOrder(page);
      await tabTo(page, "Pay");
      await page.keyboard.press("Enter");
      await page.getByText("This order is paid.").waitFor();
      expect(await page.locator(":focus").textContent()).toBe("Ship");
    }),
  );

  for (const colorScheme of ["light", "dark"] as const) {
    test(
      `no page breaks a rule of accessibility when it is ${colorScheme}`,
      journey(async ({ shop, open }) => {
        const page = await open({ colorScheme });
        await shop.order("cake-stand");
        await page.getByText("€59.00 · placed").waitFor();
        expect(await findBarriers(page)).toEqual([]);
        await addToCart(page, "Tea Pot");
        expect(await findBarriers(page)).toEqual([]);
        await clickOrder(page);
        await arriveAtOrder(page);
        expect(await findBarriers(page)).toEqual([]);
        const ground = await page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
        expect(ground).toBe(colorScheme === "light" ? "rgb(251, 250, 247)" : "rgb(22, 26, 24)");
      }),
    );
  }

  test(
    "a purchase fits a small phone: no sideways scrolling, and nothing too small to touch",
    journey(async ({ open }) => {
      const page = await open({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
      const fits = async () => {
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
        for (const control of await page.locator("button:visible, input:visible").all()) {
          const { width, height } = (await control.boundingBox())!;
          const name = (await control.getAttribute("aria-label")) ?? (await control.textContent());
          expect([name, Math.min(width, height) >= 24]).toEqual([name, true]);
        }
      };
      for (const name of ["Espresso Cup", "Salt & Pepper", "Bread Knife"]) {
        await page.getByRole("button", { name: `Add ${name} to the cart` }).tap();
      }
      await piecesOf(page, "Espresso Cup").fill("40");
      await page.getByText("€500.00").waitFor();
      await fits();
      await page.getByRole("button", { name: "Order", exact: true }).tap();
      await arriveAtOrder(page);
      await fits();
    }),
  );
});
