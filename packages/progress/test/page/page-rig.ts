import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { RunEvent } from "@netra-apex/core";
import { type Browser, chromium, type Page } from "playwright-core";
import { buildPage } from "../../build/build-page.ts";
import { createPageHandler } from "../../src/page/index.ts";
import { createToken, type HubLimits, type ListeningHub, listenWebSocketHub } from "../../src/websocket/index.ts";

/** The browser of the machine, as a test of a page needs a real one. */
function findChromium(): string | undefined {
  const named = process.env["APEX_TEST_CHROMIUM"];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  const files = directories.flatMap((directory) =>
    ["chromium", "chromium-browser", "google-chrome"].map((name) => join(directory, name)),
  );
  return files.find((file) => existsSync(file));
}

export const executablePath = findChromium();
export const missing = executablePath ? "" : ": skipped, there is no chromium on PATH (APEX_TEST_CHROMIUM names one)";

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

/** The contrast of each visible text with what is behind it, as WCAG 2 computes it. */
export const contrastScript = `(() => {
  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (color) => {
    const [r, g, b] = color.slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (text === "" || element.closest("script,style") || !element.checkVisibility()) continue;
    const [high, low] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    found.push({ text, ratio: (high + 0.05) / (low + 0.05) });
  }
  return found;
})()`;
