import { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ReporterOptions } from "../src/reporter-options.ts";
import { createRichReporter } from "../src/rich-reporter.ts";
import { EventScript, passingTests, scriptPlan, scriptTest } from "./event-script.ts";
import { ManualClock } from "./manual-clock.ts";
import { playSimple, simpleRig, text } from "./play.ts";
import { cancelledRun, failingRun, flakyRun, greenRun, timedOutRun } from "./runs.ts";
import { brokenByOutage, lacking, quickStart, restart, serviceRun } from "./service-run.ts";
import { TerminalScreen } from "./terminal-screen.ts";

const env = { NO_COLOR: "1" };

async function richRig(columns: number, options: Partial<ReporterOptions> = {}) {
  const screen = new TerminalScreen(columns);
  const clock = new ManualClock();
  const [stdout, stderr] = [screen.stream(), screen.stream()];
  return {
    screen,
    clock,
    stdout,
    stderr,
    reporter: createRichReporter({ stdout, stderr, env, clock, ...options }),
  };
}

function running(): EventScript {
  const plan = scriptPlan([
    { id: "fast", name: "Fast Feedback", budgetMs: 120_000, categories: ["smoke", "unit"] },
    { id: "core", name: "Core Integration", categories: ["api"] },
  ]);
  return new EventScript({ ...plan, notes: ["something is left out"] })
    .layerStarted("fast")
    .nodeStarted("smoke")
    .wait(500)
    .tests("smoke", passingTests(4))
    .nodeCompleted("smoke")
    .nodeStarted("unit")
    .tests("unit", passingTests(3))
    .output("unit", "RUN v5 /code/shop\n");
}

describe("the rich reporter", () => {
  it("shows what runs below the lines that stay", async () => {
    const { reporter, screen, clock } = await richRig(80);
    running().playTo(reporter);
    clock.advance(100);
    expect(`${screen.text}\n`).toBe(text`
      note  something is left out

      Fast Feedback  ▱▱▱▱▱▱▱▱ 1s of 2m  1 of 2 done
        ✓ smoke   0.5s  4 passed
        ⠙ unit      0s  3 passed    │ RUN v5 /code/shop
      then Core Integration
      1s · 1 of 3 done · 7 passed
    `);
  });

  it("shows with every frame how what runs beside the run stands by then", async () => {
    let queue: readonly string[] = ["1 running (e2e), 1 waiting"];
    const { reporter, screen, clock } = await richRig(80, { background: () => queue });
    running().playTo(reporter);
    clock.advance(100);
    expect(screen.text).toContain("background  1 running (e2e), 1 waiting");
    queue = ["1 running (cypress), 1 finished"];
    clock.advance(100);
    expect(screen.text).toContain("background  1 running (cypress), 1 finished");
    queue = [];
    clock.advance(100);
    expect(screen.text).not.toContain("background");
  });

  it("fits a narrow terminal", async () => {
    const { reporter, screen, clock } = await richRig(40);
    running().playTo(reporter);
    clock.advance(100);
    expect(`${screen.text}\n`).toBe(text`
      note  something is left out

      Fast Feedback  ▱▱▱▱▱▱▱▱ 1s of 2m
        ✓ smoke   0.5s  4 passed
        ⠙ unit      0s  3 passed
      then Core Integration
      1s · 1 of 3 done · 7 passed
    `);
  });

  it("lets time and spinners go on between events", async () => {
    const { reporter, screen, clock } = await richRig(80);
    running().playTo(reporter);
    clock.advance(100);
    clock.advance(60_000);
    expect(screen.text).toContain("Fast Feedback  ▰▰▰▰▱▱▱▱ 1m 01s of 2m");
    expect(screen.text).toMatch(/⠙ unit {3}1m 00s {2}3 passed/);
  });

  it("draws no more than ten times a second, however many events there are", async () => {
    const { reporter, screen, clock } = await richRig(80, { verbose: false });
    const run = running();
    run.playTo(reporter);
    clock.advance(100);
    const before = screen.writeCount;
    for (let count = 0; count < 1000; count += 1) {
      for (const event of new EventScript(run.plan).output("unit", `line ${count}\n`).events.slice(1))
        reporter.onEvent(event);
      clock.advance(1);
    }
    expect(screen.writeCount - before).toBeLessThanOrEqual(10);
  });

  it.each([
    ["green", greenRun],
    ["failing", failingRun],
    ["timed-out", timedOutRun],
    ["cancelled", cancelledRun],
    ["flaky", flakyRun],
  ])("leaves a %s run's results with the same lines as the simple reporter", async (_what, script) => {
    const { reporter, screen, clock, stdout } = await richRig(400);
    for (const event of script().events) {
      reporter.onEvent(event);
      clock.advance(250);
    }
    await reporter.close?.();
    const simple = await playSimple(script());
    const linesOf = (shown: string): string[] =>
      shown
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")
        .toSorted();
    expect(linesOf(stdout.text)).toEqual(linesOf(simple.out));
    expect(linesOf(screen.text)).toEqual(linesOf(simple.err + simple.out));
    expect(screen.text).not.toMatch(/\n\n\n/);
    expect([screen.openUpdates, screen.isCursorVisible]).toEqual([0, true]);
  });

  it("shows a failure above the region as soon as it happens, and not again when its layer is over", async () => {
    const { reporter, screen, clock } = await richRig(80);
    const { events } = failingRun();
    const failed = events.findIndex(
      ({ type, ...event }) => type === "node_completed" && "outcome" in event && event.outcome.status === "failed",
    );
    for (const event of events.slice(0, failed + 1)) reporter.onEvent(event);
    clock.advance(100);
    expect(screen.text).toMatch(/✗ Cart > adds an item[\s\S]*rerun {2}[\s\S]*\n\nFast Feedback {2}▱/);
    for (const event of events.slice(failed + 1)) reporter.onEvent(event);
    await reporter.close?.();
    expect(screen.text.match(/✗ Cart > adds an item/g)).toHaveLength(1);
  });

  it("puts output lines above the region when it is verbose", async () => {
    const { reporter, screen, clock } = await richRig(80, { verbose: true });
    running().playTo(reporter);
    clock.advance(300);
    expect(`${screen.text}\n`).toBe(text`
      note  something is left out
      ▸ smoke  started
      ✓ smoke  passed · 4 tests · 0.5s
      ▸ unit   started
        unit  │ RUN v5 /code/shop

      Fast Feedback  ▱▱▱▱▱▱▱▱ 1s of 2m  1 of 2 done
        ✓ smoke   0.5s  4 passed
        ⠸ unit      0s  3 passed    │ RUN v5 /code/shop
      then Core Integration
      1s · 1 of 3 done · 7 passed
    `);
  });

  it("hides the cursor while it draws and gives it back when the run ends", async () => {
    const { reporter, screen, clock } = await richRig(80);
    running().playTo(reporter);
    clock.advance(100);
    expect(screen.isCursorVisible).toBe(false);
    for (const event of running().runCompleted().events.slice(-1)) reporter.onEvent(event);
    expect(screen.isCursorVisible).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("gives the terminal back on close when the run never ended", async () => {
    const { reporter, screen, clock } = await richRig(80);
    running().playTo(reporter);
    clock.advance(100);
    await reporter.close?.();
    expect(screen.isCursorVisible).toBe(true);
    expect(clock.pending).toBe(0);
    expect(screen.text).toBe("note  something is left out\nUNFINISHED · its end was not seen · was running: unit");
  });

  it("gives the terminal back when drawing throws, and tells the fault at the next event", async () => {
    const { reporter, screen, clock, stderr } = await richRig(80);
    const run = running();
    run.playTo(reporter);
    clock.advance(100);
    const columns = Object.getOwnPropertyDescriptor(stderr, "columns") ?? {};
    Object.defineProperty(stderr, "columns", {
      configurable: true,
      get: () => {
        throw new Error("no terminal");
      },
    });
    clock.advance(100);
    Object.defineProperty(stderr, "columns", columns);
    expect(clock.pending).toBe(0);
    expect(() => reporter.onEvent(run.runCompleted().events.at(-1) as never)).toThrow("no terminal");
    await reporter.close?.();
    expect(screen.isCursorVisible).toBe(true);
  });

  it("sends the terminal no sequence of a test's own", async () => {
    const hostile = "a\u001b[2J\u001b[10;10H\u001b]0;title\u0007b\r\n\u001b[?1049hc\u009b5A\u0008";
    const { reporter, screen, clock } = await richRig(60, { verbose: true });
    const run = new EventScript(scriptPlan([{ id: "fast", name: hostile, categories: ["unit"] }], [hostile]))
      .layerStarted("fast")
      .nodeStarted("unit")
      .output("unit", hostile)
      .tests("unit", [scriptTest(hostile, { status: "failed", suites: [hostile], message: hostile })]);
    run.playTo(reporter);
    clock.advance(100);
    expect(screen.text).toContain("│ c");
    run.nodeCompleted("unit", { status: "failed", reason: hostile }).layerCompleted("fast", { status: "passed" });
    run.runCompleted({ status: "failed", reason: hostile }, 1);
    for (const event of run.events.slice(-3)) reporter.onEvent(event);
    await reporter.close?.();
    expect(screen.text).toContain("✗ ab c > ab c");
  });

  it("shows a replayed run in that run's own time", async () => {
    const { reporter, screen, clock } = await richRig(80);
    clock.advance(86_400_000);
    running().playTo(reporter);
    clock.advance(100);
    expect(screen.text).toContain("1s of 2m");
  });

  it("goes on without a screen when the terminal hung up", async () => {
    const hangUp = Object.assign(new Error("EIO"), { code: "EIO" });
    const stderr = Object.assign(new Writable({ write: (_chunk, _encoding, done) => done(hangUp) }), { isTTY: true });
    const { reporter, clock, stdout } = await richRig(80, { stderr });
    for (const event of greenRun().events) {
      reporter.onEvent(event);
      clock.advance(250);
      await nextTurn();
    }
    await reporter.close?.();
    expect(stdout.text).toContain("passed · 5 categories");
  });
});

describe("the rich reporter, of services", () => {
  it.each([60, 100, 200])(
    "leaves in %i columns the lines of the simple one: what was down, and what a layer lacked",
    async (columns) => {
      const during = { core: restart(1_000, "2026-01-31T12:00:01.900Z") };
      const events = await serviceRun(
        { before: { core: quickStart }, during, missing: { load: lacking } },
        brokenByOutage,
      );
      const { reporter, screen, clock } = await richRig(columns);
      const simple = simpleRig({ env });
      for (const event of events) {
        reporter.onEvent(event);
        simple.reporter.onEvent(event);
        clock.advance(100);
      }
      await Promise.all([reporter.close?.(), simple.reporter.close?.()]);
      const flat = screen.text.replaceAll(/\s+/g, "");
      for (const line of `${simple.stdout.text}\n${simple.stderr.text}`.split("\n")) {
        expect(flat).toContain(line.replaceAll(/\s+/g, ""));
      }
      expect(screen.text).toContain("service  postgresql  down since 12:00:01Z");
      expect(screen.text).not.toContain("starting");
    },
  );
});
