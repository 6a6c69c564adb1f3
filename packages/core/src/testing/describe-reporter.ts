import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Reporter } from "../events/reporter.ts";
import type { ReporterContext, ReporterFactory } from "../events/reporter-factory.ts";
import type { RunEvent } from "../events/run-event.ts";
import type { TestFunctions } from "./describe-agent.ts";
import { ManualClock, settle } from "./manual-clock.ts";
import { recordedRuns } from "./recorded-runs.ts";
import { CollectingStream, leftHandles, openHandles, writtenBehind } from "./reporter-watch.ts";

/** What the conformance suite needs to know of a reporter. */
export interface ReporterConformanceOptions {
  /** Makes a new reporter for each test. */
  readonly create: ReporterFactory;
  /** What it is made with, beside the suite's own streams, clock and directory. */
  readonly context?: Partial<Pick<ReporterContext, "env" | "verbose">>;
  /** Name of a file that it gets in its `file`, in a directory of the test's own; none when absent. */
  readonly file?: string;
  /** Its streams are terminals of so many columns; none when absent. */
  readonly columns?: number;
  /** How long one event may hold the run up, in milliseconds; 1,000 when absent. */
  readonly maxBlockMs?: number;
  /** How long it may take to close, in milliseconds; 5,000, as a run gives it, when absent. */
  readonly closeWithinMs?: number;
}

/**
 * The conformance suite for reporters: what every reporter must keep to, whatever it does with a run. Call it in a test file:
 * `describeReporter("slack", { create: createReporter }, { describe, it })`.
 */
export function describeReporter(
  name: string,
  options: ReporterConformanceOptions,
  { describe, it }: TestFunctions,
): void {
  describe(`the reporter ${name}`, () => {
    for (const [kind, record] of Object.entries(recordedRuns)) {
      it(`takes ${kind}`, async () => {
        const events = await record();
        await play(options, (rig) => tellAll(rig, events));
      });
    }
    for (const [title, test] of Object.entries(rules)) it(title, () => test(options));
  });
}

type Test = (options: ReporterConformanceOptions) => Promise<void>;

const passingRun = (): Promise<readonly RunEvent[]> => recordOf("a run that passes");
/** A timer of a reporter of somebody else may be as slow as this. */
const quietMs = 50;

const rules: Readonly<Record<string, Test>> = {
  "does not change the events that others get, too": async (options) => {
    for (const [kind, record] of Object.entries(recordedRuns)) {
      // A run's own events are frozen on the outside, which says less.
      const events = structuredClone(await record());
      const before = JSON.stringify(events);
      await play(options, async ({ reporter }) => {
        for (const event of events) {
          const was = JSON.stringify(event);
          // What it throws is for the tests that look for it.
          void Promise.allSettled([(async () => reporter.onEvent(event))()]);
          check(JSON.stringify(event) === was, `it changed an event of ${kind}: ${event.type}`);
        }
      });
      check(JSON.stringify(events) === before, `it changed an event of ${kind} while it closed`);
    }
  },

  "writes only to what it was given": async (options) => {
    const events = await passingRun();
    const written = await writtenBehind(() => play(options, (rig) => tellAll(rig, events)));
    const [first = ""] = written;
    check(written.length === 0, `it wrote to the process's own streams: ${JSON.stringify(first.slice(0, 80))}`);
  },

  "can be closed again, and before it has heard of anything": async (options) => {
    const events = await passingRun();
    await play(options, async (rig) => {
      await tellAll(rig, events);
      await close(rig);
      await close(rig);
    });
    await play(options, close);
  },

  "is silent once it is closed": async (options) => {
    for (const kind of ["a run that passes", "a stream that breaks off"]) {
      const events = await recordOf(kind);
      await play(options, async (rig) => {
        await tellAll(rig, events);
        await close(rig);
        const before = textOf(rig);
        await rig.clock.advance(600_000);
        await new Promise((resolve) => setTimeout(resolve, quietMs));
        check(
          textOf(rig) === before,
          `it wrote after it was closed: ${JSON.stringify(textOf(rig).slice(before.length))}`,
        );
        check(rig.clock.pendingTimers === 0, "it left a timer running on the clock that it was given");
      });
    }
  },

  "leaves nothing open and nobody listening": async (options) => {
    const events = await passingRun();
    // What is loaded at the first use, and stays, is nothing that was left.
    await play(options, (rig) => tellAll(rig, events));
    await settle();
    const before = openHandles();
    await play(options, async (rig) => {
      const listeners = listenersOf(rig);
      await tellAll(rig, events);
      await close(rig);
      check(listenersOf(rig) <= listeners, "it still listens to a stream that it was given");
    });
    const left = await leftHandles(before, options.closeWithinMs ?? 5_000);
    check(left.length === 0, `it left open: ${left.join(", ")}`);
  },
};

interface Rig {
  readonly reporter: Reporter;
  readonly clock: ManualClock;
  readonly stdout: CollectingStream;
  readonly stderr: CollectingStream;
  readonly options: ReporterConformanceOptions;
}

/** Makes a reporter, lets `body` work with it, and closes it. */
async function play(options: ReporterConformanceOptions, body: (rig: Rig) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "apex-reporter-"));
  const stream = (): CollectingStream => new CollectingStream(options.columns);
  const surroundings = { stdout: stream(), stderr: stream(), clock: new ManualClock() };
  try {
    const reporter = await options.create({
      env: {},
      projectRoot: directory,
      apexVersion: "0.0.0",
      rerunPrefix: ["apex", "run"],
      verbose: false,
      ...surroundings,
      ...(options.file === undefined ? {} : { file: path.join(directory, options.file) }),
      ...options.context,
    });
    check(typeof reporter.name === "string" && reporter.name !== "", "it has no name");
    check(typeof reporter.onEvent === "function", "it has no onEvent");
    const rig = { ...surroundings, reporter, options };
    await body(rig);
    await close(rig);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function tellAll({ reporter, options }: Rig, events: readonly RunEvent[]): Promise<void> {
  const most = options.maxBlockMs ?? 1_000;
  const promised: unknown[] = [];
  for (const event of events) {
    const startedMs = performance.now();
    const result: unknown = told(event, () => reporter.onEvent(event));
    const blockedMs = performance.now() - startedMs;
    check(blockedMs <= most, `it held the run up for ${Math.round(blockedMs)} ms, with ${event.type}`);
    if (typeof result === "object" && result !== null) promised.push(result);
  }
  const broken = (await Promise.allSettled(promised)).find((result) => result.status === "rejected");
  if (broken) throw new Error(`a promise of its onEvent broke: ${String(broken.reason)}`, { cause: broken.reason });
}

function told(event: RunEvent, tell: () => unknown): unknown {
  try {
    return tell();
  } catch (error) {
    throw new Error(`it threw at event ${event.seq}, ${event.type}: ${String(error)}`, { cause: error });
  }
}

async function close({ reporter, options }: Pick<Rig, "reporter" | "options">): Promise<void> {
  const { closeWithinMs = 5_000 } = options;
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not close within ${closeWithinMs} ms`)), closeWithinMs);
  });
  try {
    await Promise.race([(async () => reporter.close?.())(), grace]);
  } finally {
    clearTimeout(timer);
  }
}

function textOf({ stdout, stderr }: Rig): string {
  return stdout.text + stderr.text;
}

function listenersOf({ stdout, stderr }: Rig): number {
  return stdout.openListeners + stderr.openListeners;
}

async function recordOf(kind: string): Promise<readonly RunEvent[]> {
  return (await recordedRuns[kind]?.()) ?? [];
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}
