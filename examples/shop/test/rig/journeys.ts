import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { disposing, type Use } from "./disposing.ts";
import { findBrowser } from "./find-browser.ts";
import { startTestShop, type TestShop } from "./test-shop.ts";

/** How long a journey waits for something to show before it fails. */
const PATIENCE_MS = 10_000;

/** What a journey has: a shop of its own, and as many windows as it opens. */
export interface JourneyStart {
  readonly shop: TestShop;
  readonly use: Use;
  /** Opens the shop as another customer does: with cookies and a cart of their own. */
  readonly open: (options?: WindowOptions) => Promise<Page>;
}

export interface WindowOptions extends BrowserContextOptions {
  /** Of another shop than the journey's own. */
  readonly url?: string;
  /** In the shop; `/` unless it says so. */
  readonly path?: string;
  /** What the console may say; anything else fails the journey. */
  readonly allowed?: RegExp;
}

/** Makes a test of a journey: what a customer can do, tried in a real browser. */
export type MakeJourney = (journey: (start: JourneyStart) => Promise<void>) => () => Promise<void>;

/** A group of journeys, which share one browser. Where there is none, they are skipped, and the group's title says why. */
export function describeJourneys(title: string, declare: (journey: MakeJourney) => void): void {
  const { path, missing } = findBrowser();
  const reason = missing ? ` (skipped: ${missing})` : "";
  describe.skipIf(missing)(`${title}${reason}`, () => {
    let browser: Browser;
    beforeAll(async () => {
      const args = ["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"];
      browser = await chromium.launch({ executablePath: path ?? "", args });
    }, 60_000);
    afterAll(() => browser?.close());

    declare((journey) =>
      disposing(async (use) => {
        const shop = use(await startTestShop());
        const complaints: string[] = [];
        await journey({
          shop,
          use,
          open: (options) => openWindow(browser, { url: shop.url, use, complaints, ...options }),
        });
        expect(complaints).toEqual([]);
        expect(shop.bugs).toEqual([]);
      }),
    );
  });
}

interface Surroundings extends WindowOptions {
  readonly url: string;
  readonly use: Use;
  /** Gets what the browser complains of, and every request that leaves this machine. */
  readonly complaints: string[];
}

async function openWindow(browser: Browser, { url, use, complaints, path = "/", allowed, ...options }: Surroundings) {
  const context = await browser.newContext({ locale: "en-IE", ...options });
  use({ [Symbol.asyncDispose]: () => context.close() });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complain = (text: string) => {
    if (!allowed?.test(text)) complaints.push(text);
  };
  page.on("console", (message) => complain(message.text()));
  page.on("pageerror", (error) => complain(error.message));
  page.on("request", (request) => {
    if (!/^(data:|https?:\/\/127\.0\.0\.1[:/])/.test(request.url())) complain(`asked for ${request.url()}`);
  });
  await page.goto(url + path);
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}
