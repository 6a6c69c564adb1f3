import { appendFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ReporterContext, ReporterFactory } from "../../src/events/reporter-factory.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { describeReporter, type ReporterConformanceOptions } from "../../src/testing/describe-reporter.ts";
import { checkEventGrammar } from "../../src/testing/event-grammar.ts";
import { recordedRuns } from "../../src/testing/recorded-runs.ts";

/** One that keeps to everything: counts tests, tells it in the end, and beats on the clock that it is given. */
const good: ReporterFactory = ({ stdout, stderr, clock }) => {
  let count = 0;
  let stop: (() => void) | undefined;
  return {
    name: "good",
    onEvent({ type }) {
      if (type === "run_started") stop = clock?.schedule(60_000, () => stderr.write("still there\n"));
      if (type === "test_completed") count += 1;
    },
    async close() {
      stop?.();
      if (count > 0) stdout.write(`${count} tests\n`);
      count = 0;
    },
  };
};

describeReporter("good, in the suite itself", { create: good }, { describe, it });

/** What the suite says of a reporter: titles with what went wrong, where it did. */
async function findings(
  create: ReporterFactory,
  options: Partial<ReporterConformanceOptions> = {},
): Promise<Record<string, string>> {
  const tests: [string, () => Promise<void>][] = [];
  const collect = {
    describe: (_: string, body: () => void) => body(),
    it: (title: string, body: () => Promise<void>) => tests.push([title, body]),
  };
  describeReporter("x", { create, closeWithinMs: 200, ...options }, collect);
  const found: Record<string, string> = {};
  for (const [title, body] of tests) {
    await body().catch((error: unknown) => {
      found[title] = (error as Error).message;
    });
  }
  return found;
}

/** The good one, but for something. */
const but =
  (change: (event: RunEvent, context: ReporterContext) => unknown, rest: object = {}): ReporterFactory =>
  async (context) => {
    const reporter = await good(context);
    return {
      ...reporter,
      onEvent(event) {
        reporter.onEvent(event);
        return change(event, context) as undefined;
      },
      ...rest,
    };
  };

const started = ({ type }: RunEvent): boolean => type === "run_started";

describe("the recorded runs of the conformance suite", () => {
  it("are in the grammar of events, but for those of the future and one that breaks off", async () => {
    for (const [kind, record] of Object.entries(recordedRuns)) {
      if (/newer|breaks off|no event/.test(kind)) continue;
      expect({ kind, problems: checkEventGrammar(await record()) }).toEqual({ kind, problems: [] });
    }
  });

  it("are what they say", async () => {
    const outcome = async (kind: string) => {
      const last = (await recordedRuns[kind]?.())?.at(-1);
      return last?.type === "run_completed" ? last.summary.outcome.status : last?.type;
    };
    expect(await outcome("a run that passes")).toBe("passed");
    expect(await outcome("a run that fails, with retries, and with layers and nodes that are skipped")).toBe("failed");
    expect(await outcome("a run that is cancelled in the middle")).toBe("cancelled");
    expect(await outcome("a stream that breaks off")).toBe("test_completed");
    const services = (await recordedRuns["a run with services, shortages and outages"]?.()) ?? [];
    expect(new Set(services.map(({ type }) => type)).has("resources_missing")).toBe(true);
  });
});

describe("the conformance suite of reporters", () => {
  it("finds nothing in a reporter that keeps to everything", async () => {
    expect(await findings(good)).toEqual({});
  });

  it("finds one that throws, and says at what", async () => {
    const found = await findings(
      but(({ type }) => {
        if (type === "service_outage_started") throw new Error("what is that?");
      }),
    );
    expect(found).toEqual({
      "takes a run with services, shortages and outages": expect.stringMatching(
        /^it threw at event \d+, service_outage_started: Error: what is that\?$/,
      ),
    });
  });

  it("finds one that does not know what to do with events of the future", async () => {
    const known = new Set(["run_started", "run_completed", "output"]);
    const found = await findings(
      but(({ type }) => {
        if (!known.has(type) && type.startsWith("moon")) throw new Error("unreachable");
      }),
    );
    expect(Object.keys(found)).toEqual(["takes events of a newer version, of types that nobody knows"]);
  });

  it("finds one whose promise breaks", async () => {
    const found = await findings(but(async (event) => started(event) && Promise.reject(new Error("no network"))));
    expect(found["takes a run that passes"]).toBe("a promise of its onEvent broke: Error: no network");
  });

  it("finds one that holds the run up", async () => {
    const busy = but((event) => {
      const end = performance.now() + (started(event) ? 60 : 0);
      while (performance.now() < end);
    });
    const found = await findings(busy, { maxBlockMs: 50 });
    expect(found["takes a run that passes"]).toMatch(/^it held the run up for \d+ ms, with run_started$/);
  });

  it("finds one that changes events", async () => {
    const found = await findings(but((event) => started(event) && Object.assign(event, { at: "now" })));
    expect(found["does not change the events that others get, too"]).toBe(
      "it changed an event of a run that passes: run_started",
    );
  });

  it.each([
    ["process.stdout", () => process.stdout.write("psst\n")],
    ["process.stderr", () => process.stderr.write("psst\n")],
    ["the console", () => console.log("psst\n")],
    ["process.stdout, later", () => setImmediate(() => process.stdout.write("psst\n"))],
  ])("finds one that writes to %s behind one's back", async (_, write) => {
    const sly = but((event) => started(event) && write(), {
      close: () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve))),
    });
    const tests = await withoutPsst(() => findings(sly));
    expect(tests["writes only to what it was given"]).toBe(`it wrote to the process's own streams: "psst\\n"`);
  });

  it("finds one that never closes, and one that cannot be closed again", async () => {
    const stuck = await findings(but(() => undefined, { close: () => new Promise(() => undefined) }));
    expect(stuck["takes no event at all"]).toBe("it did not close within 200 ms");
    const once = await findings(async (context) => {
      const reporter = await good(context);
      let isClosed = false;
      return {
        ...reporter,
        close() {
          if (isClosed) throw new Error("closed already");
          isClosed = true;
        },
      };
    });
    expect(once["can be closed again, and before it has heard of anything"]).toBe("closed already");
  });

  it("finds one that goes on to write when it is closed", async () => {
    const late = but((event, { stderr }) => {
      if (started(event)) setTimeout(() => stderr.write("and another thing\n"), 20);
    });
    expect((await findings(late))["is silent once it is closed"]).toBe(
      'it wrote after it was closed: "and another thing\\n"',
    );
    const beating = but((event, { clock }) => started(event) && clock?.schedule(700_000, () => undefined));
    expect((await findings(beating))["is silent once it is closed"]).toBe(
      "it left a timer running on the clock that it was given",
    );
  });

  it("finds one that leaves something behind", async () => {
    const left: (() => void)[] = [];
    const mostListeners = process.getMaxListeners();
    const title = "leaves nothing open and nobody listening";
    const listening = but((event) => {
      if (!started(event)) return;
      process.setMaxListeners(100);
      const onSignal = (): void => undefined;
      process.on("SIGUSR2", onSignal);
      left.push(() => process.off("SIGUSR2", onSignal).setMaxListeners(mostListeners));
    });
    expect((await findings(listening))[title]).toContain("listener of SIGUSR2 on process");
    const ticking = but((event) => {
      if (!started(event)) return;
      const timer = setInterval(() => undefined, 1_000);
      left.push(() => clearInterval(timer));
    });
    expect((await findings(ticking))[title]).toBe("it left open: Timeout");
    const attached = but((event, { stdout }) => started(event) && stdout.on("drain", () => undefined));
    expect((await findings(attached))[title]).toBe("it still listens to a stream that it was given");
    for (const end of left) end();
  });

  it("finds what is no reporter, and what cannot write its file", async () => {
    expect((await findings((() => ({ name: "" })) as never))["takes no event at all"]).toBe("it has no name");
    const elsewhere = but((event, { file = "" }) => started(event) && appendFileSync(`${file}/x`, "x"));
    expect((await findings(elsewhere, { file: "out.txt" }))["takes a run that passes"]).toContain("ENOENT");
  });
});

/** Keeps what is written on purpose out of this test run's own output. */
async function withoutPsst<Result>(body: () => Promise<Result>): Promise<Result> {
  const own = [process.stdout, process.stderr, console] as const;
  const log = own[2].log.bind(console);
  const writes = [own[0].write.bind(own[0]), own[1].write.bind(own[1])] as const;
  const quiet = (write: (typeof writes)[0]) =>
    ((chunk: string, ...rest: never[]) => (chunk === "psst\n" ? true : write(chunk, ...rest))) as typeof write;
  own[0].write = quiet(writes[0]);
  own[1].write = quiet(writes[1]);
  console.log = (text: unknown) => text !== "psst\n" && log(text);
  try {
    return await body();
  } finally {
    Reflect.deleteProperty(own[0], "write");
    Reflect.deleteProperty(own[1], "write");
    console.log = log;
  }
}
