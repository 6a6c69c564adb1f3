import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunEvent } from "@netra-apex/core";
import { type Browser, chromium, type Page } from "playwright-core";
import { buildPage } from "../../build/build-page.ts";
import { createPageHandler } from "../../src/page/index.ts";
import { executablePath } from "../chromium.ts";
import { createToken, type HubLimits, type ListeningHub, listenWebSocketHub } from "../../src/websocket/index.ts";

const token = createToken();

/** The page's files, built once from the sources. */
export async function buildPageFiles(): Promise<{ readonly directory: string; remove(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), "apex-page-"));
  await buildPage(directory);
  return { directory, remove: () => rm(directory, { recursive: true }) };
}

/** A hub on a real socket that serves the page. */
export async function startPageHub(
  directory: string,
  options: { readonly port?: number; readonly limits?: Partial<HubLimits>; readonly token?: string } = {},
): Promise<ListeningHub & { publish(events: readonly RunEvent[], threadId?: string): void }> {
  const servePage = createPageHandler({ directory });
  const listening = await listenWebSocketHub({
    port: 0,
    host: "127.0.0.1",
    token,
    ...options,
    onRequest: (request, response) => {
      if (!servePage(request, response)) response.writeHead(404).end();
    },
  });
  const reporters = new Map<string, ReturnType<typeof listening.hub.createReporter>>();
  return {
    ...listening,
    publish(events, threadId = "main") {
      for (const event of events) {
        const key = `${threadId} ${event.runId}`;
        const reporter = reporters.get(key) ?? listening.hub.createReporter({ threadId });
        reporters.set(key, reporter);
        reporter.onEvent(event);
      }
    },
  };
}

export function launchBrowser(): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-background-networking"];
  return chromium.launch({ ...(executablePath && { executablePath }), args });
}

/** How a page is looked at. */
export interface LookOptions {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  readonly fragment?: string;
  readonly reducedMotion?: "reduce";
}

/** A page on the hub; `complaints` is what it said to the console and asked of anybody but its hub. */
export async function look(
  browser: Browser,
  { url }: Pick<ListeningHub, "url">,
  { colorScheme = "light", width = 1_280, height = 900, fragment = "", reducedMotion }: LookOptions = {},
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const page = await browser.newPage({
    colorScheme,
    viewport: { width, height },
    ...(reducedMotion && { reducedMotion }),
  });
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith(`${url}/`) && !asked.startsWith("data:")) complaints.push(`asked for ${asked}`);
  });
  page.on("websocket", (socket) => {
    if (!socket.url().startsWith(url.replace("http", "ws"))) complaints.push(`connected to ${socket.url()}`);
  });
  const more = fragment === "" ? "" : `&${fragment}`;
  await page.goto(`${url}/#token=${token}${more}`);
  return { page, complaints };
}
