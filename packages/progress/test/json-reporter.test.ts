import { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createJsonReporter } from "../src/json-reporter.ts";
import { CollectedStream } from "./collected-stream.ts";
import { EventScript, passingTests, scriptPlan, scriptTest } from "./event-script.ts";

function smallRun(): EventScript {
  return new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }], ["a note"]))
    .layerStarted("fast")
    .nodeStarted("unit")
    .output("unit", "two\nlines and \u001b[31mcolour\u001b[0m\u2028")
    .tests("unit", [...passingTests(2), scriptTest("breaks", { status: "failed", message: "no\nno" })])
    .nodeCompleted("unit", { status: "failed", reason: "1 of 3 tests failed" })
    .layerCompleted("fast", { status: "failed", reason: "unit failed" })
    .runCompleted({ status: "failed", reason: "fast failed" }, 1);
}

/** Takes one write at a time, and the next only when it is told to. */
class SlowStream extends Writable {
  readonly taken: string[] = [];
  #done: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1, decodeStrings: false });
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.taken.push(chunk);
    this.#done = done;
  }

  /** Lets the current write finish; false when there was none. */
  release(): boolean {
    const done = this.#done;
    this.#done = undefined;
    done?.();
    return done !== undefined;
  }
}

class FailingStream extends Writable {
  readonly taken: string[] = [];
  readonly #code: string;

  constructor(code: string) {
    super({ decodeStrings: false });
    this.#code = code;
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    if (this.taken.push(chunk) < 3) done();
    else done(Object.assign(new Error(`write ${this.#code}`), { code: this.#code }));
  }
}

describe("the JSON reporter", () => {
  it("writes exactly one line of JSON for each event and no other byte", async () => {
    const stdout = new CollectedStream();
    const script = smallRun();
    const reporter = createJsonReporter({ stdout });
    script.playTo(reporter);
    await reporter.close?.();
    expect(stdout.text).toBe(script.events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    expect(stdout.text.split("\n")).toHaveLength(script.events.length + 1);
  });

  it("waits for a slow reader, hands it everything in order, and closes only then", async () => {
    const stdout = new SlowStream();
    const script = smallRun();
    const reporter = createJsonReporter({ stdout });
    script.playTo(reporter);
    expect(stdout.taken).toHaveLength(1);
    expect(stdout.writableLength).toBe(stdout.taken[0]?.length);

    let isClosed = false;
    const closing = Promise.resolve(reporter.close?.()).then(() => (isClosed = true));
    await nextTurn();
    expect(isClosed).toBe(false);
    while (stdout.release()) await nextTurn();
    await closing;
    const lines = stdout.taken.join("").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(script.events)));
  });

  it("holds a long queue for a stalled reader without joining it into one string", async () => {
    const stdout = new SlowStream();
    const reporter = createJsonReporter({ stdout });
    const script = new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }]));
    for (let count = 0; count < 5_000; count += 1) script.output("unit", `line ${count}\n`);
    script.playTo(reporter);
    const closing = reporter.close?.();
    while (stdout.release()) await nextTurn();
    await closing;
    expect(stdout.taken.join("").split("\n")).toHaveLength(script.events.length + 1);
    expect(Math.max(...stdout.taken.map((chunk) => chunk.length))).toBeLessThan(128 * 1024);
  });

  it("goes quiet when the reader goes away", async () => {
    const stdout = new FailingStream("EPIPE");
    const reporter = createJsonReporter({ stdout });
    for (const event of smallRun().events) {
      reporter.onEvent(event);
      await nextTurn();
    }
    await expect(reporter.close?.()).resolves.toBeUndefined();
    expect(stdout.taken).toHaveLength(3);
  });

  it("goes quiet when the stream was destroyed while text was waiting", async () => {
    const stdout = new SlowStream();
    const reporter = createJsonReporter({ stdout });
    smallRun().playTo(reporter);
    const closing = reporter.close?.();
    stdout.destroy();
    await expect(closing).resolves.toBeUndefined();
  });

  it("tells of any other fault of the stream at the next event and on close", async () => {
    const stdout = new FailingStream("ENOSPC");
    const reporter = createJsonReporter({ stdout });
    const script = smallRun();
    const play = async (): Promise<void> => {
      for (const event of script.events) {
        reporter.onEvent(event);
        await nextTurn();
      }
    };
    await expect(play()).rejects.toThrow("write ENOSPC");
    await expect(reporter.close?.()).rejects.toThrow("write ENOSPC");
  });

  it("leaves the stream open and without listeners of its own", async () => {
    const stdout = new CollectedStream();
    const before = stdout.eventNames();
    const reporter = createJsonReporter({ stdout });
    smallRun().playTo(reporter);
    await reporter.close?.();
    expect(stdout.writable).toBe(true);
    expect(stdout.eventNames()).toEqual(before);
  });
});
