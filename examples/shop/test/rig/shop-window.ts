import type { Locator, Page } from "playwright-core";

/** Puts one piece of a product into the cart. */
export function addToCart(page: Page, product: string): Promise<void> {
  return page.getByRole("button", { name: `Add ${product} to the cart` }).click();
}

/** The number of pieces of a product in the cart. */
export function piecesOf(page: Page, product: string): Locator {
  return page.getByRole("spinbutton", { name: `Pieces of ${product}` });
}

/** The shelf of a product when so many pieces are left. */
export function shelf(page: Page, product: string, left: number): Locator {
  const shelves = page.getByRole("region", { name: "Products" }).getByRole("listitem");
  return shelves.filter({ hasText: product }).filter({ hasText: new RegExp(`\\b${left} left`) });
}

/** Sends the order off. */
export function clickOrder(page: Page): Promise<void> {
  return page.getByRole("button", { name: "Order", exact: true }).click();
}

/** Waits for the page of the order that was just placed, and returns the order's id. */
export async function arriveAtOrder(page: Page): Promise<string> {
  await page.waitForURL("**/orders/*");
  await page.getByText("This order is placed.").waitFor();
  return new URL(page.url()).pathname.split("/").at(-1) ?? "";
}

/** The row of an order's page that begins with this. */
export function row(page: Page, beginning: string): Promise<string[]> {
  return page.getByRole("row").filter({ hasText: beginning }).getByRole("cell").allTextContents();
}
