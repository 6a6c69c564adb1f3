/**
 * The page of a report of 5,000 tests: what it takes to fold its events and to write it, beside writing the events as JSON; and, where there
 * is a Chromium (APEX_TEST_CHROMIUM, default /usr/bin/chromium), how long its search takes from the last key to the list.
 */
import { existsSync } from "node:fs";
import { createRunReport, renderReport } from "@netra-apex/progress/report";
import { chromium } from "playwright-core";
import { compare } from "./measure.mjs";
import { eventsOf } from "./recorded-events.mjs";

const rounds = Number(process.argv[2] ?? 5);
const events = eventsOf(10, 500);
const page = () => renderReport(createRunReport(events), "html");

await compare({
  title: "report of 5,000 tests",
  rounds,
  floor: "events as JSON",
  contenders: {
    "events as JSON": () => time(() => JSON.stringify(events)),
    "HTML page": () => time(page),
  },
});

const executablePath = process.env["APEX_TEST_CHROMIUM"] ?? "/usr/bin/chromium";
if (existsSync(executablePath)) {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const open = await browser.newPage();
    await open.setContent(page());
    await open.evaluate("window.started = performance.now()");
    await open.getByRole("searchbox").fill("case 123");
    await open.waitForSelector("[role=status]:not(:empty)", { state: "attached" });
    times.push(await open.evaluate("performance.now() - window.started"));
    await open.close();
  }
  await browser.close();
  times.sort((left, right) => left - right);
  console.log(
    `search among 5,000 tests in Chromium: median ${times[times.length >> 1].toFixed(0)} ms, worst ${times.at(-1).toFixed(0)} ms`,
  );
}

function time(run) {
  const started = performance.now();
  run();
  return performance.now() - started;
}
