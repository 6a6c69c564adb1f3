import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { EventScript, passingTests, scriptPlan } from "../event-script.ts";
import { finishLiveRun, liveExpectations, liveRun } from "./live-run.ts";
import { contrastScript, executablePath, missing } from "../chromium.ts";
import { buildPageFiles, launchBrowser, look, type LookOptions, startPageHub } from "./page-rig.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What stands in the page of each of its places. */
const places = {
  layers: "",
  failures: "panel=failures",
  tests: "panel=category&node=api",
  output: "panel=category&node=api&tab=output",
  attempts: "panel=category&node=unit&tab=attempts",
  services: "panel=environment",
  events: "panel=events",
} as const;

describe.skipIf(!executablePath)(`the live page in Chromium${missing}`, () => {
  let browser: Browser;
  let files: Awaited<ReturnType<typeof buildPageFiles>>;
  let hub: Awaited<ReturnType<typeof startPageHub>>;
  beforeAll(async () => {
    [browser, files] = await Promise.all([launchBrowser(), buildPageFiles()]);
  }, 60_000);
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await hub?.close();
  });
  afterAll(async () => {
    await browser?.close();
    await files?.remove();
  });

  async function openLive(options: LookOptions = {}): ReturnType<typeof look> {
    const opened = await look(browser, hub, options);
    await opened.page.getByRole("heading", { name: "shop" }).waitFor();
    await opened.page.locator(".facts", { hasText: "130" }).waitFor();
    return opened;
  }

  const fact = (page: Page, name: string) => page.locator(".facts > div", { hasText: name }).locator("dd");
  const toThePlace = (page: Page, fragment: string) => page.evaluate(`location.hash = ${JSON.stringify(fragment)}`);

  it("follows a run from before its beginning to its end", async () => {
    hub = await startPageHub(files.directory);
    const { page, complaints } = await look(browser, hub);
    await page.getByText("Waiting for a run to begin").waitFor();
    const run = liveRun();
    const begun = run.events.length;
    hub.publish(run.events);
    await page.locator(".badge.large", { hasText: "failing" }).waitFor();
    expect(await fact(page, "Tests").textContent()).toBe("130");
    expect(await fact(page, "Categories").textContent()).toBe("4 of 9");
    await page.getByText("live", { exact: true }).waitFor();
    expect(await page.title()).toBe("✗ failing 4/9 · shop");
    const icon = await page.locator("link[rel=icon]").getAttribute("href");
    finishLiveRun(run);
    hub.publish(run.events.slice(begun));
    await page.locator(".badge.large", { hasText: "failed" }).waitFor();
    await page.getByText("run is over", { exact: true }).waitFor();
    expect(await page.title()).toBe("✗ failed · shop");
    expect(icon).toContain("svg");
    expect(await page.getByRole("status").first().textContent()).toBe("the run is over: Core Integration failed");
    expect(complaints).toEqual([]);
  });

  it("tells of layers and categories what assistive technology needs", async () => {
    hub = await startPageHub(files.directory);
    hub.publish(finishLiveRun(liveRun()).events);
    const { page } = await openLive();
    await page.getByText("run is over", { exact: true }).waitFor();
    await expect(page.locator("body").ariaSnapshot()).resolves.toMatchSnapshot();
  });

  it("shows failures with their place, their message and a command that can be copied", async () => {
    hub = await startPageHub(files.directory);
    hub.publish(liveRun().events);
    const { page } = await openLive();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const failure = page.getByRole("region", { name: "Failures of api" });
    expect(await failure.innerText()).toContain(
      "Checkout > with coupons > applies a 10 % coupon\n\ntest/checkout.test.ts:48",
    );
    await failure.getByRole("button", { name: "Copy the command that reruns api" }).click();
    await failure.getByText("Copied", { exact: true }).waitFor();
    const command = await failure.locator(".copy code").textContent();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(command);
    expect(command).toMatch(
      /^apex api --test-file '.*::applies a 10 % coupon' --test-file '.*::refuses an expired coupon'$/,
    );
    expect(await page.getByRole("region", { name: "Failures of contract" }).innerText()).toContain("still waiting");
  });

  it("keeps its place over a reload, and goes back", async () => {
    hub = await startPageHub(files.directory);
    hub.publish(liveRun().events);
    const { page } = await openLive();
    expect(page.url()).not.toContain("token");
    await page.getByRole("button", { name: /^api running/ }).click();
    await page.getByRole("tab", { name: "Output" }).click();
    await page.getByText("test/checkout.test.ts").waitFor();
    await page.reload();
    await page.getByText("test/checkout.test.ts").waitFor();
    expect(await page.getByRole("tab", { name: "Output" }).getAttribute("aria-selected")).toBe("true");
    await page.goBack();
    await page.getByText("72 tests").waitFor();
  });

  it("comes back by itself when the hub does, and keeps what it shows meanwhile", async () => {
    hub = await startPageHub(files.directory);
    const run = liveRun();
    hub.publish(run.events);
    const { page } = await openLive();
    const { port } = hub;
    await hub.close();
    await page.getByText(/reconnecting in \d+ s/).waitFor();
    await page.getByText(/The server is gone .* What is shown stays\./).waitFor();
    expect(await fact(page, "Tests").textContent()).toBe("130");
    // Nobody knows whether the run goes on, so its time does not.
    const elapsed = await fact(page, "Elapsed").textContent();
    await page.waitForTimeout(2_200);
    expect(await fact(page, "Elapsed").textContent()).toBe(elapsed);
    hub = await startPageHub(files.directory, { port });
    hub.publish(finishLiveRun(run).events);
    await page.getByText("run is over", { exact: true }).waitFor();
    await page.locator(".badge.large", { hasText: "failed" }).waitFor();
    expect(await fact(page, "Tests").textContent()).toBe("130");
  });

  it("keeps what it shows, and asks for the right link, when the hub that is back does not know it", async () => {
    hub = await startPageHub(files.directory);
    hub.publish(liveRun().events);
    const { page } = await openLive();
    const { port } = hub;
    await hub.close();
    hub = await startPageHub(files.directory, { port, token: "the-token-of-another-run" });
    await page.getByText("This page is not let in: open the link that apex printed. What is shown stays.").waitFor();
    await page.getByText("not let in", { exact: true }).waitFor();
    expect(await fact(page, "Tests").textContent()).toBe("130");
  });

  it("shows how long the run, its layers and its categories took before, and what is likely to be too long", async () => {
    hub = await startPageHub(files.directory);
    hub.publish(liveRun(liveExpectations).events);
    const { page } = await openLive();
    const row = (name: RegExp) => page.getByRole("button", { name });
    expect(await row(/^api running/).innerText()).toMatch(/likely over its limit[^]*\ds of ~1m 35s/);
    expect(await row(/^websocket running/).innerText()).toMatch(/\ds of ~31s/);
    expect(await row(/^agent waiting/).innerText()).toContain("~4m 00s");
    expect(await row(/^database passed/).innerText()).not.toContain("~");
    const heads = page.locator(".layer-head .time");
    // api alone is as long as its limit lets it be; then, two at a time, the longest of the last layer.
    expect(await heads.allInnerTexts()).toEqual([
      expect.stringMatching(/^22\.0s of 2m$/),
      expect.stringMatching(/\ds of ~1m 30s, budget 1m$/),
      expect.stringMatching(/^~10m 10s, budget 20m$/),
    ]);
    expect(await fact(page, "Elapsed").innerText()).toMatch(/^1m \d\ds of ~12m 01s$/);
    expect(
      await page.getByRole("meter", { name: "Budget of Core Integration" }).getAttribute("aria-valuetext"),
    ).toMatch(/% of the budget of 1m spent, which is likely not enough$/);
    await row(/^api running/).click();
    await page.getByText("took longer before than its limit is").waitFor();
    await page.getByText(/\ds of ~1m 35s, limit 1m 30s, attempt 1/).waitFor();
    await page.setViewportSize({ width: 360, height: 800 });
    await toThePlace(page, "");
    await heads.nth(1).waitFor();
    const overflow = "[...document.querySelectorAll('.virtual')].map((e) => e.scrollWidth - e.clientWidth)";
    expect(await page.evaluate(overflow)).toEqual([0]);
    expect(await heads.nth(1).innerText()).toMatch(/\ds of ~1m 30s$/);
  });

  it("shows the same to those who come late and get a snapshot", async () => {
    hub = await startPageHub(files.directory, { limits: { retainedRunBytes: 1 } });
    hub.publish(liveRun().events);
    const { page } = await openLive();
    expect(await fact(page, "Failed").textContent()).toBe("2");
    expect(await fact(page, "Passed").textContent()).toBe("127");
    await toThePlace(page, places.tests);
    await page.getByText("of those before this page joined, the passed ones are only counted").waitFor();
    await page.getByRole("button", { name: /^failed: applies a 10 % coupon/ }).click();
    expect(await page.getByRole("region", { name: "The chosen test" }).innerText()).toContain("checkout.test.ts:48:12");
  });

  it("shows one run of several, and the one that is chosen", async () => {
    hub = await startPageHub(files.directory);
    hub.publish(finishLiveRun(liveRun()).events);
    const second = new EventScript(scriptPlan([{ id: "only", name: "Only Layer", categories: ["one"] }]));
    hub.publish(
      second
        .wait(5_000)
        .layerStarted("only")
        .events.map((event) => ({ ...event, runId: "second" })),
    );
    const { page } = await look(browser, hub);
    await page.getByRole("heading", { name: "Only Layer" }).waitFor();
    await page.getByRole("combobox", { name: "Run" }).selectOption({ index: 0 });
    await page.getByRole("heading", { name: "Core Integration" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Core Integration" }).waitFor();
    expect(await page.getByRole("combobox", { name: "Run" }).inputValue()).toBe("20260131-142500-abc123");
  });

  it.each([
    ["light", 360],
    ["dark", 360],
    ["light", 900],
    ["light", 1_600],
    ["dark", 1_600],
  ] as const)(
    "is clean in %s at %i pixels in all its places: no sideways scrolling, enough contrast, nothing that axe finds",
    async (colorScheme, width) => {
      hub = await startPageHub(files.directory);
      hub.publish(liveRun().events);
      const { page, complaints } = await openLive({ colorScheme, width, reducedMotion: "reduce" });
      const found: unknown[] = [];
      await page.evaluate(axe);
      for (const [name, fragment] of Object.entries(places)) {
        await toThePlace(page, fragment);
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
        const scrollWidth = await page.evaluate<number>("document.documentElement.scrollWidth");
        if (scrollWidth !== width) found.push([name, { scrollWidth }]);
        const contrasts = await page.evaluate<{ readonly text: string; readonly ratio: number }[]>(contrastScript);
        expect(contrasts.length).toBeGreaterThan(20);
        const weak = contrasts.filter(({ ratio }) => ratio < 4.5);
        if (weak.length > 0) found.push([name, weak]);
        const violations = await page.evaluate<readonly unknown[]>(
          "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))",
        );
        if (violations.length > 0) found.push([name, violations]);
      }
      expect(found).toEqual([]);
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  it("can be worked by the keyboard alone", async () => {
    hub = await startPageHub(files.directory);
    hub.publish(liveRun().events);
    const { page } = await openLive();
    const press = async (key: string, times = 1): Promise<string> => {
      for (let time = 0; time < times; time += 1) await page.keyboard.press(key);
      return page.evaluate<string>("document.activeElement.innerText || document.activeElement.ariaLabel");
    };
    expect(await press("Tab")).toBe("Filter categories");
    expect(await press("Tab", 3)).toBe("Not passed");
    await press("Enter");
    expect(await page.getByRole("button", { name: "Not passed" }).getAttribute("aria-pressed")).toBe("true");
    // The list itself, the first layer, the second one, its first category.
    expect(await press("Tab", 4)).toMatch(/^api/);
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline).toBe("solid");
    await press("Enter");
    expect(await press("Tab", 3)).toBe("api");
    expect(await press("ArrowRight")).toMatch(/^Services/);
    expect(await press("Home")).toMatch(/^Failures/);
    await page.getByRole("region", { name: "Failures of api" }).waitFor();
  });

  it("stays small in the document, and answers, with 5,000 categories and 100,000 tests", async () => {
    hub = await startPageHub(files.directory, {
      // All of them really come over the socket, none as a mere number.
      limits: { retainedRunBytes: 2 ** 28, retainedBytes: 2 ** 28 },
    });
    const categories = Array.from({ length: 5_000 }, (_, index) => `category-${index}`);
    const run = new EventScript(scriptPlan([{ id: "all", name: "All of them", categories }])).layerStarted("all");
    const { page } = await look(browser, hub);
    for (const id of categories.slice(0, 200)) {
      run.nodeStarted(id);
      for (let batch = 0; batch < 10; batch += 1) run.tests(id, passingTests(50));
      run.wait(10).nodeCompleted(id);
    }
    hub.publish(run.events);
    await fact(page, "Tests").getByText("100000", { exact: true }).waitFor({ timeout: 60_000 });
    expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(1_000);
    await page.getByRole("searchbox", { name: "Filter categories" }).fill("category-4999");
    await page.getByRole("button", { name: /^category-4999/ }).waitFor();
    await page.getByRole("searchbox", { name: "Filter categories" }).fill("");
    await page.getByRole("button", { name: /^category-0 / }).click();
    await page.getByText("500 tests").waitFor();
    expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(1_500);
  }, 120_000);

  it("does not move what is there while tests and failures come in", async () => {
    hub = await startPageHub(files.directory);
    const run = liveRun();
    const cut = run.events.findIndex((event) => event.type === "test_completed" && event.nodeId === "api");
    hub.publish(run.events.slice(0, cut));
    const { page } = await look(browser, hub);
    const positions = () =>
      page.evaluate<string>(
        "[...document.querySelectorAll('h1,.layers-pane h2,.tabs .name,.facts dt,.node-row .name')].map((e) => [e.innerText.split('\\n')[0], Math.round(e.getBoundingClientRect().top)]).join()",
      );
    await page.getByRole("heading", { name: "Service Integration" }).waitFor();
    const before = await positions();
    hub.publish(run.events.slice(cut));
    await page.locator(".facts", { hasText: "130" }).waitFor();
    expect(await positions()).toBe(before);
  });
});
