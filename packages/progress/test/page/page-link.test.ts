import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPageHandler } from "../../src/page/index.ts";
import { createPageAccess, createToken, type ListeningHub, listenWebSocketHub } from "../../src/websocket/index.ts";
import { liveRun } from "./live-run.ts";
import { executablePath, missing } from "../chromium.ts";
import { buildPageFiles, launchBrowser } from "./page-rig.ts";

describe.skipIf(!executablePath)(`a link to the live page that is good once${missing}`, () => {
  let browser: Awaited<ReturnType<typeof launchBrowser>>;
  let files: Awaited<ReturnType<typeof buildPageFiles>>;
  let hub: ListeningHub;
  const access = createPageAccess({ principal: { userId: "local", threads: "all", may: ["subscribe"] } });
  beforeAll(async () => {
    [browser, files] = await Promise.all([launchBrowser(), buildPageFiles()]);
    const servePage = createPageHandler({ directory: files.directory });
    hub = await listenWebSocketHub({
      port: 0,
      host: "127.0.0.1",
      token: createToken(),
      authenticate: access.authenticate,
      onRequest: (request, response) => {
        if (!access.exchange(request, response) && !servePage(request, response)) response.writeHead(404).end();
      },
    });
    const reporter = hub.hub.createReporter({ threadId: "main" });
    for (const event of liveRun().events) reporter.onEvent(event);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await hub?.close();
    await files?.remove();
  });

  it("opens it for this browser, over a reload too, and keeps its place in the page", async () => {
    const link = `${hub.url}/?code=${access.createCode()}#panel=events`;
    const page = await browser.newPage();
    await page.goto(link);
    await page.getByRole("heading", { name: "shop" }).waitFor();
    expect(page.url()).toBe(`${hub.url}/#panel=events`);
    expect(await page.getByRole("tab", { name: "Events" }).getAttribute("aria-selected")).toBe("true");
    await page.reload();
    await page.getByRole("heading", { name: "shop" }).waitFor();
    // What a page asks for where its socket was not opened: its browser sends no Origin with that, but the cookie.
    const ask = "fetch('/v1/subscribe').then(({ status }) => status)";
    expect(await page.evaluate(ask)).toBe(426);
    const other = await browser.newContext();
    const late = await other.newPage();
    const answer = await late.goto(link);
    expect(answer?.status()).toBe(403);
    await late.goto(hub.url);
    expect(await late.evaluate(ask)).toBe(401);
    await late.getByText("This page is not let in: open the link that apex printed.").waitFor();
  });
});
