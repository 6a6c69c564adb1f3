// What it costs to tell an event to 1 and 5 reporters, beside a loop that numbers, dates and hands over the same events.
// node bench/event-fan-out.mjs [events] [rounds]; needs no build.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { compare } from "./measure.mjs";

const many = Number(process.argv[2] ?? 200_000);
const rounds = Number(process.argv[3] ?? 15);

const directory = mkdtempSync(path.join(tmpdir(), "apex-bench-"));
const bundle = path.join(directory, "events.mjs");
await build({
  stdin: {
    contents: `export { EventStream } from "./events/event-stream.ts"; export { systemClock } from "./clock.ts";`,
    resolveDir: path.resolve(import.meta.dirname, "../packages/core/src"),
  },
  outfile: bundle,
  bundle: true,
  format: "esm",
  platform: "node",
  packages: "external",
  target: "node22",
});
const { EventStream, systemClock } = await import(pathToFileURL(bundle).href);

const test = { id: "a > b", name: "b", suites: ["a"], status: "passed", durationMs: 3 };
const bodyOf = (index) => ({
  type: "test_completed",
  nodeId: "unit",
  attempt: 1,
  test: { ...test, durationMs: index },
});

function counters(count) {
  return Array.from({ length: count }, (_, index) => {
    const counter = { name: `r${index}`, seen: 0, onEvent: (event) => void (counter.seen += event.seq & 1) };
    return counter;
  });
}

function bare(count) {
  const reporters = counters(count);
  const started = performance.now();
  for (let index = 0; index < many; index += 1) {
    const at = new Date(Date.now()).toISOString();
    const event = { version: 1, seq: index, at, runId: "run", ...bodyOf(index) };
    for (const reporter of reporters) reporter.onEvent(event);
  }
  return performance.now() - started;
}

function stream(count) {
  const events = new EventStream({ runId: "run", clock: systemClock });
  for (const reporter of counters(count)) events.subscribe(reporter);
  const started = performance.now();
  for (let index = 0; index < many; index += 1) events.emit(bodyOf(index));
  return performance.now() - started;
}

await compare({
  title: `${many} events told`,
  rounds,
  floor: "loop, 1 reporter",
  contenders: {
    "loop, 1 reporter": () => bare(1),
    "loop, 5 reporters": () => bare(5),
    "stream, 1 reporter": () => stream(1),
    "stream, 5 reporters": () => stream(5),
  },
});
rmSync(directory, { recursive: true });
