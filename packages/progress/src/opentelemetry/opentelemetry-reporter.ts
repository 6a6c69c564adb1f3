import { ApexError, type Clock, type Reporter, systemClock } from "@netra-apex/core";
import { backgroundClock } from "../background-clock.ts";
import type { OutputEnv } from "../output-stream.ts";
import { readOtlpEnvironment } from "./otlp-environment.ts";
import { encodeRequest, encodeSpan, type Span, type SpanSource } from "./otlp-json.ts";
import { hostAttributes } from "./span-attributes.ts";
import { SpanFold } from "./span-fold.ts";
import { SpanQueue } from "./span-queue.ts";
import { sendSpans } from "./span-sender.ts";

/** What the OpenTelemetry reporter is made with. */
export interface OpenTelemetryReporterOptions {
  /** OpenTelemetry's variables (`OTEL_EXPORTER_OTLP_ENDPOINT` …); nothing is read from the process itself. */
  readonly env: OutputEnv;
  /** Default: the machine's clock, with timers that do not keep the process alive. */
  readonly clock?: Clock;
  /** How long `close` waits for the collector, in milliseconds. Default: 4 seconds, less than a run waits for a reporter. */
  readonly closeMs?: number;
  /** Characters of spans that may wait to be sent; what comes beyond is dropped. Default: 64 Mi. */
  readonly mostWaitingChars?: number;
}

/** Spans of a run did not reach the collector, or it is none. */
export class OpenTelemetryExportError extends ApexError {
  readonly code = "APEX_OPENTELEMETRY_EXPORT";
  /** Spans that are lost. */
  readonly lost: number;

  constructor(message: string, { lost, ...rest }: { readonly lost: number; readonly hint?: string }) {
    super(message, rest);
    this.lost = lost;
  }
}

/**
 * Sends a run as spans to an OpenTelemetry collector, as OTLP over HTTP: run, layers, nodes, attempts, tests, while it goes on. Ids come
 * from the run's, so that the same run told twice is the same trace; with `TRACEPARENT`, the run is a part of that trace.
 *
 * A collector that is slow or away costs spans, and never time of the run: `close` waits for a bounded time, and rejects with
 * `OpenTelemetryExportError` (`APEX_OPENTELEMETRY_EXPORT`), which says how many were lost and why. Throws
 * `ReporterEnvironmentError` (`APEX_REPORTER_ENVIRONMENT`) for variables that make no sense.
 */
export function createOpenTelemetryReporter(options: OpenTelemetryReporterOptions): Reporter {
  const { env, clock = backgroundClock, closeMs = 4_000, mostWaitingChars = 64 * 1024 * 1024 } = options;
  const environment = readOtlpEnvironment(env);
  const name = "opentelemetry";
  if (!environment) return { name, onEvent: () => undefined };
  let source: SpanSource = { resource: environment.resource, version: undefined };
  const fold = new SpanFold(environment.parent);
  const queue = new SpanQueue({
    clock,
    closeClock: options.clock ?? systemClock,
    mostWaitingChars,
    send: (spans, signal) => sendSpans(encodeRequest(source, spans), environment, { clock, signal }),
  });
  const enqueue = (spans: readonly Span[]): void => {
    for (const span of spans) queue.add(encodeSpan(span));
  };
  return {
    name,
    onEvent(event) {
      if (event.type === "run_started") {
        const resource = { ...hostAttributes(event), ...environment.resource };
        source = { resource, version: event.apexVersion };
      }
      enqueue(fold.onEvent(event));
    },
    async close() {
      enqueue(fold.finish());
      await queue.close(closeMs);
      const { dropped, total, fault } = queue;
      // Neither a password nor a token of the address is for a log.
      const collector = `${environment.url.origin}${environment.url.pathname}`;
      const hint = "OTEL_EXPORTER_OTLP_ENDPOINT names the collector, and OTEL_EXPORTER_OTLP_HEADERS what it asks for";
      if (dropped > 0) {
        const message = `${dropped} of ${total} spans did not get to ${collector}: ${fault ?? "it refused them"}`;
        throw new OpenTelemetryExportError(message, { lost: dropped, hint });
      }
      if (fault !== undefined && total > 0) {
        throw new OpenTelemetryExportError(`all spans were sent to ${collector}, but ${fault}`, { lost: 0, hint });
      }
    },
  };
}
