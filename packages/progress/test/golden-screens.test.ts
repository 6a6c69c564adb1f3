import { describe, expect, it } from "vitest";
import { displayWidth } from "../src/render/display-width.ts";
import { createRichReporter } from "../src/rich-reporter.ts";
import { ManualClock } from "./manual-clock.ts";
import { type Scene, scenes } from "./screens.ts";
import { TerminalScreen } from "./terminal-screen.ts";

/** What a person sees of a scene: everything that has scrolled by, and the live region below it. */
async function show(
  { run, laterMs = 0, rows = 30, background = [] }: Scene,
  columns: number,
  env = {},
): Promise<TerminalScreen> {
  const screen = new TerminalScreen(columns);
  const clock = new ManualClock();
  const [stdout, stderr] = [screen.stream(rows), screen.stream(rows)];
  const reporter = createRichReporter({ stdout, stderr, env, clock, background: () => background });
  run.playTo(reporter);
  clock.advance(laterMs + 100);
  return screen;
}

const plain = { NO_COLOR: "1" };

// To accept what they look like now: pnpm exec vitest run --project progress golden-screens -u
describe.each(Object.entries(scenes))("the screen of %s", (name, scene) => {
  it.each([20, 40, 60, 100, 200])("is as it was looked at, in %i columns", async (columns) => {
    const { text } = await show(scene(), columns, plain);
    // Lines that stay are wrapped by the terminal; those of the region must not be.
    expect(Math.max(...text.split("\n").map(displayWidth))).toBeLessThanOrEqual(columns);
    await expect(`${text}\n`).toMatchFileSnapshot(`golden-screens/${name}-${columns}.txt`);
  });

  it("is as it was looked at, in colours", async () => {
    const { styledText, text } = await show(scene(), 100);
    expect(text).toBe((await show(scene(), 100, plain)).text);
    await expect(`${styledText}\n`).toMatchFileSnapshot(`golden-screens/${name}-100-colours.txt`);
  });
});
