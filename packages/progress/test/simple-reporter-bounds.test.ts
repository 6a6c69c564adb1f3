import { describe, expect, it } from "vitest";
import { EventScript, scriptPlan, scriptTest } from "./event-script.ts";
import { playSimple } from "./play.ts";

function runFailing(tests: readonly ReturnType<typeof scriptTest>[], categories = ["unit"]): EventScript {
  return new EventScript(scriptPlan([{ id: "fast", name: "Fast", categories }]))
    .layerStarted("fast")
    .nodeStarted("unit")
    .tests("unit", tests)
    .nodeCompleted("unit", { status: "failed", reason: `${tests.length} tests failed` })
    .layerCompleted("fast", { status: "failed", reason: "unit failed" })
    .runCompleted({ status: "failed", reason: "fast failed" }, 1);
}

const failing = (name: string, message = "no") => scriptTest(name, { status: "failed", message });

describe("the simple reporter's bounds", () => {
  it("shows twenty failed tests of a category and counts the rest, but reruns all that it knows", async () => {
    const { out } = await playSimple(runFailing(Array.from({ length: 60 }, (_, index) => failing(`breaks ${index}`))));
    expect(out.match(/✗ Cart > breaks \d+/g)).toHaveLength(20);
    expect(out).toContain("\n    … and 40 more failed\n");
    expect(out.match(/--test-file/g)).toHaveLength(60);
  });

  it("reruns the whole category when more tests failed than can be named", async () => {
    const { out } = await playSimple(runFailing(Array.from({ length: 400 }, (_, index) => failing(`breaks ${index}`))));
    expect(out).toContain("\n    … and 380 more failed\n");
    expect(out).toContain("\n    rerun  apex run unit\n");
  });

  it("cuts a long message after eleven lines and says how many are missing", async () => {
    const message = Array.from({ length: 40 }, (_, index) => `line ${index + 1}`).join("\n");
    const { out } = await playSimple(runFailing([failing("breaks", message)]));
    expect(out).toContain("      line 11\n      … and 29 more lines\n");
    expect(out).not.toContain("line 12");
  });

  it("cuts a line that is too long for any screen", async () => {
    const { out } = await playSimple(runFailing([failing("breaks", "x".repeat(100_000))]));
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThan(520);
  });

  it("keeps titles, messages and names from touching the terminal", async () => {
    const hostile = "a\u001b[2J\u001b]0;title\u0007b\u009b31m\nc\r\u0008d\u202ee\u0000";
    const test = scriptTest(hostile, { status: "failed", message: hostile, suites: [hostile], file: hostile });
    const run = new EventScript(scriptPlan([{ id: "fast", name: hostile, categories: [hostile] }], [hostile]))
      .layerStarted("fast")
      .nodeStarted(hostile)
      .output(hostile, hostile)
      .tests(hostile, [test])
      .nodeCompleted(
        hostile,
        { status: "failed", reason: hostile },
        { evidence: { command: hostile, logFile: hostile } },
      )
      .layerCompleted("fast", { status: "failed", reason: hostile })
      .event({ type: "reporter_failed", reporter: hostile, message: hostile })
      .runCompleted({ status: "failed", reason: hostile }, 1);
    for (const verbose of [false, true]) {
      const { out, err } = await playSimple(run, { verbose });
      expect(out + err).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u);
    }
  });
});
