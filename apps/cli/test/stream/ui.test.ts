import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Project, until } from "../rig/project.ts";
import { announced, ownState } from "./stream-rig.ts";

function findChromium(): string | undefined {
  const named = process.env["APEX_TEST_CHROMIUM"];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  const files = directories.flatMap((directory) =>
    ["chromium", "chromium-browser", "google-chrome"].map((name) => join(directory, name)),
  );
  return files.find((file) => existsSync(file));
}

const executablePath = findChromium();
const missing = executablePath ? "" : ": skipped, there is no chromium on PATH (APEX_TEST_CHROMIUM names one)";

const config = `extends: none
layers:
  checks: { name: "All the checks", max_duration: 1m, execution_mode: parallel, categories: [good, bad] }
modes: { all: { layers: [checks] } }
categories:
  good: { command: [sh, -c, "until test -e go; do sleep 0.1; done; echo the end of good"] }
  bad: { command: [sh, -c, "echo what is wrong; exit 1"] }
`;

function start() {
  const project = new Project({ "apex.yaml": config });
  const run = project.start(["--execution-mode", "all", "--ui", "--json"], ownState());
  return { project, run };
}

describe.skipIf(!executablePath)(`apex run --ui in Chromium${missing}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    const args = ["--no-sandbox", "--disable-background-networking"];
    browser = await chromium.launch({ ...(executablePath && { executablePath }), args });
  }, 60_000);
  afterAll(() => browser?.close());

  it("opens by its link, shows the run live and keeps it when the run is over", async () => {
    const { project, run } = start();
    const { page: link = "" } = await announced(run);
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (new URL(request.url()).host !== new URL(link).host) complaints.push(request.url());
    });
    await page.goto(link);
    expect(page.url()).not.toContain("code=");
    await page.getByText("All the checks").first().waitFor();
    await page.getByText("bad").first().waitFor();
    await page
      .getByText(/running/i)
      .first()
      .waitFor();
    project.write("go", "");
    await page
      .getByText(/failed/i)
      .first()
      .waitFor();
    const { exitCode, stdout } = await run;
    expect(exitCode).toBe(1);
    // The server is gone; what it told stays.
    await page.getByText("All the checks").first().waitFor();
    expect(await page.title()).toMatch(/fail/i);
    expect(complaints).toEqual([]);
    expect(stdout.trimEnd().split("\n").at(-1)).toContain('"run_completed"');
  }, 60_000);

  it("opens its link once, and shows nothing to whoever has neither link nor cookie", async () => {
    const { project, run } = start();
    const { page: link = "" } = await announced(run);
    expect((await fetch(link, { redirect: "manual" })).status).toBe(303);
    const again = await fetch(link, { redirect: "manual" });
    expect(again.status).toBe(403);
    expect(await again.text()).toContain("This link was used already");
    const stranger = await browser.newContext();
    onTestFinished(() => stranger.close());
    const page = await stranger.newPage();
    await page.goto(new URL("/", link).href);
    await page.waitForTimeout(500);
    expect(await page.getByText("All the checks").count()).toBe(0);
    project.write("go", "");
    await run;
  }, 60_000);

  it("does not stay where nobody is at a terminal to end it", async () => {
    const { project, run } = start();
    await announced(run);
    project.write("go", "");
    const endedAt = run.then(() => true);
    await until(() => project.has("go"), "the tests may end");
    expect(await Promise.race([endedAt, new Promise((resolve) => setTimeout(() => resolve("stays"), 20_000))])).toBe(
      true,
    );
  }, 60_000);
});
