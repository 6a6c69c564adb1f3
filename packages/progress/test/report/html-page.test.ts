import { addCounts, countTests, type TestResult } from "@netra-apex/core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRunReport } from "../../src/report/create-run-report.ts";
import { renderReport } from "../../src/report/render-report.ts";
import type { RunReport } from "../../src/report/run-report.ts";
import { contrastScript, executablePath, missing } from "../chromium.ts";
import { scriptTest } from "../event-script.ts";
import { brokenByOutage, lacking, quickStart, restart, serviceRun } from "../service-run.ts";
import { categoryNode, playRun, shopPlan } from "./played-run.ts";
import { shopRun } from "./shop-run.ts";

/** A run whose services were down, and a layer that lacked some. */
async function brokenServices(): Promise<RunReport> {
  const during = { core: restart(1_000, "2026-01-31T12:00:01.900Z") };
  const script = { before: { core: quickStart }, during, missing: { load: lacking } };
  return createRunReport(await serviceRun(script, brokenByOutage));
}

let report: RunReport;
beforeAll(async () => {
  report = createRunReport(await shopRun());
});

describe("the page of a report", () => {
  it("loads nothing and runs nothing but its own script", () => {
    const page = renderReport(report, "html");
    expect(page).not.toMatch(/\b(?:src|href)="(?!data:,|#)/);
    expect(page).not.toContain("<script>alert(1)");
    expect(page).toContain("default-src &#39;none&#39;");
    expect(page.match(/<script/g)).toHaveLength(1);
  });

  it("escapes what others said", () => {
    const page = renderReport(report, "html");
    expect(page).toContain("with &lt;b&gt;coupons&lt;/b&gt; | and pipes");
    expect(page).toContain("]]&gt; &lt;script&gt;alert(1)&lt;/script&gt;");
  });

  it("names no event that is not there", () => {
    const seqs = Array.from(renderReport(report, "html").matchAll(/\be(\d+)\b(?=[\] ])/g), ([, seq]) => Number(seq));
    expect(Math.max(...seqs.filter((seq) => seq !== 12))).toBe(report.runs[0]?.endSeq);
    expect(seqs.length).toBeGreaterThan(80);
  });

  it("has room for 5,000 tests in 2 MB, the failed ones first", async () => {
    const large = await largeReport();
    expect(large.tests).toHaveLength(5_000);
    const page = renderReport(large, "html");
    expect(page.length).toBeLessThan(2_000_000);
    expect(page.indexOf("Failed tests")).toBeLessThan(page.indexOf('<ul class="tests">'));
  });
});

/** 5,000 tests of which 100 fail with a lot to say. */
async function largeReport(): Promise<RunReport> {
  const nodes = Array.from({ length: 10 }, (_, index) => `unit-${index}`);
  const tests = (node: string): TestResult[] =>
    Array.from({ length: 500 }, (_, index): TestResult => {
      const name = `does what is asked of it in case ${index} of ${node}`;
      const file = `test/some/folder/${node}.test.ts`;
      const common = { file, suites: ["A suite", "with parts"], id: `${file} > ${name}`, durationMs: index };
      const text = "expected this to be that\n".repeat(200);
      return scriptTest(
        name,
        index % 50 === 0 ? { ...common, status: "failed", message: `no ${index}`, details: text } : common,
      );
    });
  const played = Object.fromEntries(
    nodes.map((node) => [node, [{ ms: 0, counts: addCounts([countTests(tests(node))]), tests: tests(node) }]]),
  );
  return createRunReport(
    await playRun(shopPlan([{ id: "fast", nodes: nodes.map((node) => categoryNode(node)) }]), played),
  );
}

describe.skipIf(!executablePath)(`the page of a report in Chromium${missing}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    const args = ["--no-sandbox", "--disable-background-networking"];
    browser = await chromium.launch({ ...(executablePath && { executablePath }), args });
  }, 60_000);
  afterAll(() => browser?.close());

  async function open(
    html: string,
    options: {
      readonly colorScheme?: "light" | "dark";
      readonly width?: number;
      readonly javaScriptEnabled?: boolean;
    } = {},
  ): Promise<{ readonly page: Page; readonly complaints: string[] }> {
    const { colorScheme = "light", width = 1_280, javaScriptEnabled = true } = options;
    const page = await browser.newPage({ colorScheme, javaScriptEnabled, viewport: { width, height: 900 } });
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => complaints.push(`asked for ${request.url()}`));
    await page.setContent(html);
    return { page, complaints };
  }

  it.each([
    ["light", 1_280],
    ["dark", 1_280],
    ["light", 375],
    ["dark", 375],
  ] as const)(
    "is clean in %s at %i pixels: no error, no request, no sideways scrolling, enough contrast",
    async (colorScheme, width) => {
      const { page, complaints } = await open(renderReport(report, "html"), { colorScheme, width });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      const contrasts = await page.evaluate<{ readonly text: string; readonly ratio: number }[]>(contrastScript);
      expect(contrasts.length).toBeGreaterThan(100);
      expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(
        colorScheme === "light" ? "rgb(251, 251, 250)" : "rgb(19, 21, 23)",
      );
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  const shownTests = "[...document.querySelectorAll('[data-s]')].filter((item) => item.checkVisibility()).length";

  it("filters tests by outcome and by text, and comes back", async () => {
    const { page } = await open(renderReport(report, "html"));
    await page.getByRole("button", { name: "Flaky 2" }).click();
    expect(await page.evaluate(shownTests)).toBe(2);
    expect(await page.getByRole("status").textContent()).toBe("2 tests");
    await page.getByRole("button", { name: "All" }).click();
    await page.getByRole("searchbox").fill("COUPON expired");
    await page.getByText("1 test", { exact: true }).waitFor();
    expect(await page.evaluate(shownTests)).toBe(1);
    await page.getByRole("searchbox").fill("");
    await page.waitForSelector("[role=status]:empty", { state: "attached" });
    expect(await page.evaluate(shownTests)).toBe(3);
    await page.close();
  });

  it("can be worked by the keyboard", async () => {
    const { page } = await open(renderReport(report, "html"));
    await page.getByRole("searchbox").focus();
    for (let press = 0; press < 2; press += 1) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.getByRole("button", { name: "Failed 3" }).getAttribute("aria-pressed")).toBe("true");
    expect(await page.evaluate(shownTests)).toBe(3);
    const levels = await page.evaluate<string[]>(
      "[...document.querySelectorAll('h1,h2,h3')].map((title) => title.tagName)",
    );
    expect(levels.filter((level) => level === "H1")).toHaveLength(1);
    await page.close();
  });

  it.each([1_280, 375])(
    "tells of services in tables that are clean and readable by any means at %i pixels",
    async (width) => {
      const { page, complaints } = await open(renderReport(await brokenServices(), "html"), { width });
      const table = page.getByRole("table", { name: "Services" });
      expect(await table.getByRole("rowheader").allTextContents()).toEqual(["postgresql", "redis", "mail"]);
      expect(await page.getByRole("table", { name: "Outages" }).getByRole("row").last().textContent()).toMatch(
        /^\s*postgresql\s*12:00:01Z\s*12:00:04Z\s*2\.3s\s*ECONNREFUSED 127\.0\.0\.1:55123\s*api, database\s*\[e/,
      );
      const services = page.getByRole("region", { name: "Services" });
      expect(await services.getByRole("listitem").textContent()).toMatch(
        /missing resources not available for layer Load/,
      );
      const heads = ["Service", "State", "Whose", "Address", "Up after", "Needed by", "Events"];
      // A narrow page has labels in the cells instead.
      expect(await table.getByRole("columnheader").allTextContents()).toEqual(width > 1_000 ? heads : []);
      const failed = page.locator('details[data-s="failed"]').filter({ hasText: "places one" });
      expect(await failed.textContent()).toContain(
        "while api ran, postgresql was down from 12:00:01Z to 12:00:04Z (2.3s)",
      );
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      const contrasts = await page.evaluate<{ readonly text: string; readonly ratio: number }[]>(contrastScript);
      expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  it("reads whole without scripts, without the filters that need them", async () => {
    const { page } = await open(renderReport(report, "html"), { javaScriptEnabled: false });
    expect(await page.locator(".filters").isVisible()).toBe(false);
    await page.locator("summary", { hasText: "unit" }).first().click();
    expect(await page.getByText("Cart > is empty").isVisible()).toBe(true);
    await page.close();
  });

  it("filters 5,000 tests", async () => {
    const { page } = await open(renderReport(await largeReport(), "html"));
    await page.getByRole("searchbox").fill("case 123 of unit-7");
    await page.waitForSelector("[role=status]:not(:empty)", { state: "attached" });
    expect(await page.getByText("does what is asked of it in case 123 of unit-7").isVisible()).toBe(true);
    expect(await page.evaluate(shownTests)).toBeLessThan(20);
    await page.close();
  });
});
