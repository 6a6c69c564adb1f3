import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EventScript, scriptPlan, scriptTest } from "../event-script.ts";
import { executablePath, missing } from "../chromium.ts";
import { buildPageFiles, launchBrowser, look, startPageHub } from "./page-rig.ts";

const attack = `<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>\u001B[31mred\u001B]8;;javascript:globalThis.hacked=1\u0007link\u001B]8;;\u0007\u202Egnp.exe\u2066\u0000\u0007`;

/** A run in which whatever can be named has the name of an attack. */
function hostileRun(): EventScript {
  const plan = scriptPlan([{ id: attack, name: attack, budgetMs: 1_000, categories: [attack] }], [attack]);
  const failure = scriptTest(attack, {
    suites: [attack],
    file: attack,
    line: 1,
    status: "failed",
    message: attack,
    details: attack,
  });
  return new EventScript({
    ...plan,
    projectRoot: `/code/${attack.replaceAll("/", "")}`,
    environment: attack,
    runMode: attack,
  })
    .event({
      type: "service_state_changed",
      service: attack,
      to: "unhealthy",
      reason: attack,
      address: attack,
      owner: "started",
    })
    .event({ type: "service_outage_started", service: attack, lastUpAt: attack, reason: attack })
    .event({
      type: "resources_missing",
      layerId: attack,
      policy: "wait",
      missing: [{ kind: "port", name: attack, reason: attack, fix: attack }],
    })
    .event({ type: "alert_raised", rule: attack, message: attack, notify: [attack] })
    .event({ type: "reporter_failed", reporter: attack, message: attack })
    .layerStarted(attack)
    .nodeStarted(attack)
    .output(attack, `${attack}\n`)
    .tests(attack, [failure])
    .retrying(attack, 1, { status: "failed", reason: attack })
    .nodeStarted(attack, 2)
    .tests(attack, [failure], 2)
    .nodeCompleted(
      attack,
      { status: "failed", reason: attack },
      {
        attempts: 2,
        evidence: { command: attack, cwd: attack, logFile: attack, outputTail: attack, leaked: [attack] },
      },
    )
    .layerCompleted(attack, { status: "failed", reason: attack });
}

describe.skipIf(!executablePath)(`the live page and names that want to harm${missing}`, () => {
  let browser: Browser;
  let files: Awaited<ReturnType<typeof buildPageFiles>>;
  beforeAll(async () => {
    [browser, files] = await Promise.all([launchBrowser(), buildPageFiles()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await files?.remove();
  });

  it("shows them as text everywhere, without what reorders or colours", async () => {
    const hub = await startPageHub(files.directory);
    try {
      hub.publish(hostileRun().events);
      const { page, complaints } = await look(browser, hub, { width: 1_600 });
      await page.locator(".badge.large", { hasText: "failing" }).waitFor();
      const node = encodeURIComponent(attack);
      const places = [
        "panel=failures",
        `panel=category&node=${node}`,
        `panel=category&node=${node}&tab=output`,
        `panel=category&node=${node}&tab=attempts`,
        "panel=environment",
        "panel=events",
      ];
      const shown: unknown[] = [];
      for (const place of places) {
        await page.evaluate(`location.hash = ${JSON.stringify(place)}`);
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
        const text = await page.locator("#app").innerText();
        const made = await page.locator("#app img, #app script, #app a, #app [onerror]").count();
        shown.push({
          place,
          isShown: text.split("<img src=x onerror").length > 2,
          // oxlint-disable-next-line no-control-regex
          unsafe: /[\u0000-\u0008\u001B\u202E\u2066]/.test(text),
          made,
        });
      }
      expect(shown).toEqual(places.map((place) => ({ place, isShown: true, unsafe: false, made: 0 })));
      expect(await page.title()).not.toMatch(/\u202E/);
      expect(await page.evaluate("globalThis.hacked")).toBeUndefined();
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(1_600);
      expect(complaints).toEqual([]);
    } finally {
      await hub.close();
    }
  });

  it("shows nothing to whom the hub does not let in, and says what to do", async () => {
    const hub = await startPageHub(files.directory);
    try {
      hub.publish(hostileRun().events);
      const page = await browser.newPage();
      await page.goto(`${hub.url}/#token=${"x".repeat(32)}`);
      await page.getByText("This page is not let in: open the link that apex printed.").waitFor();
      await page.getByText("not let in", { exact: true }).waitFor();
      expect(await page.getByText(/reconnecting/).count()).toBe(0);
      expect(await page.locator(".layer-head").count()).toBe(0);
      await page.close();
    } finally {
      await hub.close();
    }
  });
});
