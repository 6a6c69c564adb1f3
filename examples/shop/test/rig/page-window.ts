import { Browser, type BrowserPage, type HTMLElement, type HTMLInputElement } from "happy-dom";
import { expect } from "vitest";
import type { Use } from "./disposing.ts";

/**
 * Opens a page of the shop in a DOM without a browser: its markup, its script, its requests and its feed are the real
 * ones, only nothing is painted.
 */
export async function openPage(url: string, use: Use): Promise<BrowserPage> {
  const browser = new Browser({
    settings: { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true },
  });
  use({ [Symbol.asyncDispose]: () => browser.close() });
  const page = browser.newPage();
  await page.goto(url);
  await expect.poll(() => find(page, "#connection").textContent).toBe("Live");
  return page;
}

/** The element of that selector; throws where there is none. */
export function find(page: BrowserPage, selector: string): HTMLElement {
  const element = page.mainFrame.document.querySelector<HTMLElement>(selector);
  if (!element) throw new Error(`nothing on the page is ${selector}`);
  return element;
}

/** Its text, spaces at both ends aside; empty where it is hidden. */
export function visibleText(page: BrowserPage, selector: string): string {
  const element = find(page, selector);
  return element.closest("[hidden]") ? "" : element.textContent.trim();
}

export function click(page: BrowserPage, selector: string): void {
  find(page, selector).click();
}

/** Writes into a field. */
export function type(page: BrowserPage, selector: string, text: string): void {
  const field = find(page, selector) as HTMLInputElement;
  field.value = text;
  field.dispatchEvent(new page.mainFrame.window.Event("input", { bubbles: true }));
}
