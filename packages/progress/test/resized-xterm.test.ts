import { seededRandom } from "@netra-apex/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRichReporter } from "../src/rich-reporter.ts";
import { EventScript, passingTests, scriptPlan, scriptTest } from "./event-script.ts";
import { ManualClock } from "./manual-clock.ts";
import { XtermWindow } from "./xterm-window.ts";

const layers = ["first", "second", "third"];
const categoriesOf = (layer: string): string[] => Array.from({ length: 6 }, (_, index) => `${layer}-${index}`);
const failed = { status: "failed", reason: "1 of 5 tests failed" } as const;

/** Three layers of six categories with long output lines; a third of the categories fails. */
function longRun(): EventScript {
  const plan = scriptPlan(
    layers.map((id) => ({ id, name: `The ${id} layer`, budgetMs: 300_000, categories: categoriesOf(id) })),
    [
      "what stays may be a line that is longer than most windows are wide, and it is then wrapped by the terminal, be it narrow or not",
    ],
  );
  const run = new EventScript({ ...plan, layers: plan.layers.map((layer) => ({ ...layer, gates: [] })) });
  for (const layer of layers) {
    run.layerStarted(layer);
    const categories = categoriesOf(layer);
    for (const id of categories) {
      run.nodeStarted(id).tests(id, passingTests(2));
      run.output(
        id,
        `${id} writes a line that is long enough to be cut in every window ${"of this test ".repeat(12)}\n`,
      );
    }
    for (const [index, id] of categories.entries()) {
      const fails = index % 3 === 1;
      const message = `${id} expected something that takes more than a line in a narrow window\n\n- Expected\n+ Received`;
      run.wait(400).tests(id, passingTests(2));
      if (fails) run.tests(id, [scriptTest(`${id} breaks`, { status: "failed", message })]);
      run.output(id, `${id} goes on\n`).nodeCompleted(id, fails ? failed : undefined);
    }
    run.layerCompleted(layer, failed);
  }
  return run.runCompleted({ status: "failed", reason: "6 of 18 categories failed" }, 1);
}

/** Plays the run into a window whose size changes all the time, and ends with all that was sent being shown. */
async function playResized(seed: number, rows: readonly [least: number, most: number]) {
  const random = seededRandom(seed);
  const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const window = new XtermWindow(100, 30);
  onTestFinished(() => window.close());
  const { stream } = window;
  const clock = new ManualClock();
  const reporter = createRichReporter({ stdout: stream, stderr: stream, env: { NO_COLOR: "1" }, clock });
  stream.write("$ apex run\n");
  /** What may happen between two steps of a change: frames are drawn, and some writes reach the window. */
  const goOn = async (): Promise<void> => {
    clock.advance(between(0, 250));
    if (random() < 0.7) await window.deliver(between(0, window.underWay));
  };
  let changes = 0;
  for (const event of longRun().events) {
    reporter.onEvent(event);
    if (random() < 0.5) await goOn();
    if (random() < 0.4) {
      // Of the first ones of a burst, the program never hears.
      for (let burst = random() < 0.3 ? between(2, 5) : 1; burst > 0; burst -= 1) {
        window.resize(between(30, 200), between(...rows));
        changes += 1;
        await goOn();
      }
      window.passSizeOn();
      await goOn();
      stream.emit("resize");
      await goOn();
    }
  }
  await reporter.close?.();
  await window.deliver();
  // Frames are control sequences from their first character on, and without colours nothing else has any.
  const stayed = stream.writes.filter((text) => !text.includes("\u001b"));
  return { window, changes, written: stream.text, stayed: stayed.join("").trimEnd().split("\n") };
}

const asItWasFound = {
  isCursorVisible: true,
  cursorRowsBelowText: 1,
  cursorColumn: 0,
  wraps: true,
  isUpdating: false,
  wasAlternate: false,
};

describe("the rich reporter in a window of xterm.js that changes all the time", () => {
  it.each([1, 2, 3, 4])(
    "leaves exactly the lines that were to stay, and the terminal as it was (seed %i)",
    async (seed) => {
      const { window, changes, written, stayed } = await playResized(seed, [20, 60]);
      expect(window.lines).toEqual(stayed);
      expect(window.state).toEqual(asItWasFound);
      // All of it was to be seen: each failure once, in its order, and a live region.
      const failures = stayed.flatMap((line) => /✗ Cart > (\S+) breaks/.exec(line)?.[1] ?? []);
      expect(failures).toEqual(layers.flatMap((layer) => [`${layer}-1`, `${layer}-4`]));
      const ends = stayed.flatMap((line) => /^✗ The (\S+) layer +failed/.exec(line)?.[1] ?? []);
      expect(ends).toEqual(layers);
      expect(written).toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] third-5.*│/);
      expect(changes).toBeGreaterThan(50);
    },
  );

  it.each([5, 6, 7, 8])("leaves at most empty lines beside them where it gets very low (seed %i)", async (seed) => {
    const { window, stayed } = await playResized(seed, [8, 60]);
    // A frame that finds the window too low for it scrolls: what it pushes out was erased before.
    const withText = (lines: readonly string[]): readonly string[] => lines.filter((line) => line !== "");
    expect(withText(window.lines)).toEqual(withText(stayed));
    expect(window.state).toEqual(asItWasFound);
  });
});
