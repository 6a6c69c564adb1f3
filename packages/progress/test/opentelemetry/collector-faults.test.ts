import { spawnSync } from "node:child_process";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock } from "@netra-apex/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  createOpenTelemetryReporter,
  type OpenTelemetryReporterOptions,
} from "../../src/opentelemetry/opentelemetry-reporter.ts";
import { EventScript, scriptPlan, scriptTest } from "../event-script.ts";
import { accept, type Answer, startCollector } from "./otlp-collector.ts";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));

/** A run with so many tests; the tests, the attempt, the node, the layer and the run are a span each. */
function runOf(tests: number): EventScript {
  return new EventScript(scriptPlan([{ id: "fast", categories: ["unit"] }]))
    .layerStarted("fast")
    .nodeStarted("unit")
    .tests(
      "unit",
      Array.from({ length: tests }, (_, index) => scriptTest(`works ${index}`)),
    )
    .nodeCompleted("unit")
    .layerCompleted("fast")
    .runCompleted();
}

/** No more: an answer of this machine takes its time when there is much else to do. */
const haste = 20;

/** Waits of seconds take as many hundredths of one, but for the end. */
const hastyClock: Clock = {
  ...systemClock,
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs(),
  schedule: (delayMs, callback) => systemClock.schedule(delayMs / haste, callback),
};

/** Plays a run; gives what `close` rejected with. */
async function play(
  url: string,
  tests: number,
  { env = {}, ...options }: Partial<OpenTelemetryReporterOptions> = {},
): Promise<unknown> {
  const reporter = createOpenTelemetryReporter({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: url, ...env },
    clock: hastyClock,
    closeMs: 200_000,
    ...options,
  });
  runOf(tests).playTo(reporter);
  try {
    await reporter.close?.();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Answers with what is given for the first requests, then takes all. */
function first(...answers: readonly Answer[]): Answer {
  return (response, request, count) => (answers[count - 1] ?? accept)(response, request, count);
}

const status =
  (code: number, headers: Record<string, string> = {}, body = ""): Answer =>
  (response) => {
    response.writeHead(code, headers).end(body);
  };

/** Resolves once it is true; fails the test after a while. */
async function until(isTrue: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(isTrue()).toBe(true), { timeout: 10_000 });
}

describe("a collector", () => {
  it("gets the spans while the run goes on, in batches", async () => {
    const collector = await startCollector();
    const reporter = createOpenTelemetryReporter({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
      closeMs: 30_000,
    });
    const { events } = runOf(2_000);
    for (const event of events.slice(0, 1_500)) reporter.onEvent(event);
    await until(() => collector.taken().length >= 1_024);
    for (const event of events.slice(1_500)) reporter.onEvent(event);
    await reporter.close?.();
    expect(collector.taken()).toHaveLength(2_004);
    expect(Math.max(...collector.requests.map(({ spans }) => spans.length))).toBe(512);
  });

  it("gets few spans, too, before the run ends", async () => {
    const collector = await startCollector();
    const reporter = createOpenTelemetryReporter({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
      clock: hastyClock,
      closeMs: 3_000_000,
    });
    for (const event of runOf(3).events.slice(0, 7)) reporter.onEvent(event);
    await until(() => collector.taken().length === 3);
    await reporter.close?.();
    expect(collector.taken()).toHaveLength(7);
  });

  it.each([429, 502, 503, 504])("that answers %i is asked again, as late as it wants", async (code) => {
    const times: number[] = [];
    const note =
      (answer: Answer): Answer =>
      (...args) => {
        times.push(Date.now());
        answer(...args);
      };
    const collector = await startCollector(
      first(note(status(code, { "retry-after": "20" })), note(status(code)), note(accept)),
    );
    expect(await play(collector.url, 3)).toBeUndefined();
    expect(collector.taken()).toHaveLength(7);
    expect(collector.requests).toHaveLength(3);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(20_000 / haste - 5);
  });

  it("may say by a date when it wants to be asked again", async () => {
    const date = new Date(Date.now() + 1_000).toUTCString();
    const collector = await startCollector(first(status(503, { "retry-after": date })));
    expect(await play(collector.url, 3)).toBeUndefined();
    expect(collector.taken()).toHaveLength(7);
  });

  it("that never has time is given up on, and the spans that it lost are counted", async () => {
    const collector = await startCollector(status(503, {}, "overloaded"));
    expect(await play(collector.url, 600)).toMatchObject({
      code: "APEX_OPENTELEMETRY_EXPORT",
      lost: 604,
      message: `604 of 604 spans did not get to ${collector.url}/v1/traces: it answered 503: overloaded`,
    });
    expect(collector.requests).toHaveLength(10);
  });

  it.each([400, 401, 404, 500])("that answers %i is not asked again", async (code) => {
    const collector = await startCollector(status(code, {}, "<h1>no\n such thing</h1>"));
    expect(await play(collector.url, 3)).toMatchObject({
      lost: 7,
      message: expect.stringMatching(new RegExp(`it answered ${code}: <h1>no such thing</h1>$`)),
    });
    expect(collector.requests).toHaveLength(1);
  });

  it("that sends elsewhere does not get the spans there", async () => {
    const elsewhere = await startCollector();
    const collector = await startCollector(status(302, { location: `${elsewhere.url}/v1/traces` }));
    expect(await play(collector.url, 3)).toMatchObject({
      lost: 7,
      message: expect.stringContaining("it answered 302"),
    });
    expect(elsewhere.requests).toEqual([]);
  });

  it("that refuses some of the spans has its words told", async () => {
    const partialSuccess = { rejectedSpans: "2", errorMessage: "too old" };
    const collector = await startCollector(status(200, {}, JSON.stringify({ partialSuccess })));
    expect(await play(collector.url, 3)).toMatchObject({
      lost: 2,
      message: `2 of 7 spans did not get to ${collector.url}/v1/traces: too old`,
    });
  });

  it.each(["<html>Welcome</html>", "[]", "null", "\u0000\u0001"])(
    "that answers %j may be none, which is told",
    async (body) => {
      const collector = await startCollector(status(200, {}, body));
      expect(await play(collector.url, 3)).toMatchObject({
        lost: 0,
        message: `all spans were sent to ${collector.url}/v1/traces, but its answer is none of OTLP: is it a collector?`,
      });
    },
  );

  it("that is not there costs spans, and says so without a stack", async () => {
    const port = await freePort();
    const fault = await play(`http://user:s3cret@127.0.0.1:${port}`, 3, {
      env: { OTEL_EXPORTER_OTLP_HEADERS: "key=s3cret" },
    });
    expect(fault).toMatchObject({
      code: "APEX_OPENTELEMETRY_EXPORT",
      lost: 7,
      message: `7 of 7 spans did not get to http://127.0.0.1:${port}/v1/traces: connect ECONNREFUSED 127.0.0.1:${port}`,
      hint: expect.stringContaining("OTEL_EXPORTER_OTLP_ENDPOINT"),
    });
    expect(String(fault)).not.toContain("s3cret");
  });

  it("that takes and never answers is asked again, after the time of a request", async () => {
    const collector = await startCollector(first(() => undefined));
    expect(await play(collector.url, 3, { env: { OTEL_EXPORTER_OTLP_TIMEOUT: "5000" } })).toBeUndefined();
    expect(collector.requests).toHaveLength(2);
  });

  it("that never answers does not hold up the end", async () => {
    const collector = await startCollector(() => undefined);
    const fault = await play(collector.url, 2_000, { clock: systemClock, closeMs: 1_500 });
    expect(fault).toMatchObject({
      lost: 2_004,
      message: expect.stringMatching(/did not answer within 1\.5 ?s|within 1500 ?ms/),
    });
    expect(collector.requests).toHaveLength(1);
  });

  it("that speaks no HTTP, or answers without end, does not hold up the end", async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.write("garbage\r\n\r\n\u0000");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    expect(await play(`http://127.0.0.1:${port}`, 3)).toMatchObject({ lost: 7 });
    const endless = await startCollector((response) => {
      const timer = setInterval(() => response.write("x".repeat(64 * 1024)), 1);
      response.on("close", () => clearInterval(timer));
    });
    expect(await play(endless.url, 3)).toMatchObject({
      lost: 0,
      message: expect.stringContaining("is it a collector?"),
    });
  });

  it("that is not there does not let the process end before it is told so", async () => {
    const script = `
      import { createOpenTelemetryReporter } from "./src/opentelemetry/opentelemetry-reporter.ts";
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:${await freePort()}" };
      const reporter = createOpenTelemetryReporter({ env, closeMs: 700 });
      for (const event of ${JSON.stringify(runOf(1).events)}) reporter.onEvent(event);
      await reporter.close().catch(({ code, lost }) => console.log(code, lost));`;
    const args = ["--conditions=@netra-apex/source", "--input-type=module-typescript", "--eval", script];
    const { stdout, status: code } = spawnSync(process.execPath, args, { cwd: packageRoot, encoding: "utf8" });
    expect({ stdout, code }).toEqual({ stdout: "APEX_OPENTELEMETRY_EXPORT 5\n", code: 0 });
  });

  it("that is away costs bounded memory: what is too much is dropped, and counted", async () => {
    const collector = await startCollector();
    const fault = await play(collector.url, 1_000, { mostWaitingChars: 100_000 });
    const taken = collector.taken().length;
    expect(taken).toBeGreaterThan(50);
    expect(taken).toBeLessThan(200);
    expect(fault).toMatchObject({
      lost: 1_004 - taken,
      message: expect.stringContaining("more spans came than could be sent"),
    });
  });
});

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
