import type { OutputEnv } from "../output-stream.ts";
import { ReporterEnvironmentError } from "../reporter-environment-error.ts";

/** Where spans go and what they belong to, as OpenTelemetry's environment variables say. */
export interface OtlpEnvironment {
  /** Where traces are posted to. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Longest time of one request. */
  readonly timeoutMs: number;
  readonly compression: "gzip" | "none";
  /** What the spans are said to come from; `service.name` is always among them. */
  readonly resource: Readonly<Record<string, string>>;
  /** The span that the run is a part of, such as that of a CI job. */
  readonly parent?: TraceParent;
}

/** A `traceparent` of W3C Trace Context, with its `tracestate`. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
  readonly state?: string;
}

const defaultEndpoint = "http://localhost:4318";
const defaultTimeoutMs = 10_000;

/**
 * Reads the variables; those of traces come before those of all signals. Undefined where OpenTelemetry is switched off
 * (`OTEL_SDK_DISABLED`), or the caller's trace is not recorded. Throws `ReporterEnvironmentError` for a value that makes no sense:
 * whoever asks for spans wants to know that none would come.
 */
export function readOtlpEnvironment(env: OutputEnv): OtlpEnvironment | undefined {
  if (env["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true") return undefined;
  const parent = readParent(env);
  if (parent?.isSampled === false) return undefined;
  refuseGrpc(env);
  const listed = readPairs(env, "OTEL_RESOURCE_ATTRIBUTES");
  const service = env["OTEL_SERVICE_NAME"]?.trim() || listed["service.name"] || "netra-apex";
  return {
    url: readUrl(env),
    headers: {
      ...readPairs(env, "OTEL_EXPORTER_OTLP_HEADERS"),
      ...readPairs(env, "OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
    },
    timeoutMs: readTimeout(env),
    compression: readCompression(env),
    resource: { ...listed, "service.name": service },
    ...(parent && { parent }),
  };
}

/** The first of the names that is set to anything, with its value. */
function chosen(env: OutputEnv, ...names: readonly string[]): readonly [name: string, value: string] | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return [name, value];
  }
  return undefined;
}

function readUrl(env: OutputEnv): URL {
  const own = chosen(env, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const [name, value] = own ?? chosen(env, "OTEL_EXPORTER_OTLP_ENDPOINT") ?? ["", defaultEndpoint];
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw invalid(name, "is no http or https address", `for example ${defaultEndpoint}`);
  }
  // The address of traces is taken as it is; that of all signals is where their paths begin.
  if (!own) url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  return url;
}

function readTimeout(env: OutputEnv): number {
  const found = chosen(env, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT");
  if (!found) return defaultTimeoutMs;
  const [name, value] = found;
  if (!/^\d{1,9}$/.test(value) || Number(value) === 0) throw invalid(name, "is no number of milliseconds", "10000");
  return Number(value);
}

function readCompression(env: OutputEnv): OtlpEnvironment["compression"] {
  const found = chosen(env, "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION");
  if (!found) return "none";
  const [name, value] = found;
  if (value !== "gzip" && value !== "none") throw invalid(name, "is neither gzip nor none", "gzip");
  return value;
}

/** Spans are sent as JSON; a collector takes that at the address of `http/protobuf`, too, but not at that of `grpc`. */
function refuseGrpc(env: OutputEnv): void {
  const [name, value] = chosen(env, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL") ?? [];
  if (name !== undefined && value === "grpc") {
    throw invalid(
      name,
      "asks for grpc, and spans are sent over HTTP",
      "http/json, with the collector's port for HTTP, 4318",
    );
  }
}

/** `a=1,b=two%20words`, as W3C Baggage writes it. The error names no value: headers hold secrets. */
function readPairs(env: OutputEnv, name: string): Record<string, string> {
  const entries = (env[name] ?? "").split(",").filter((entry) => entry.trim() !== "");
  const pairs = entries.map((entry): [string, string] => {
    const at = entry.indexOf("=");
    const key = entry.slice(0, at).trim();
    const value = decode(entry.slice(at + 1).trim());
    // A header with a line end in it would be two.
    if (at < 1 || key === "" || value === undefined || /[\r\n\0]/.test(value)) {
      throw invalid(name, "is no list of names with values", "name=value,other=value, where a comma within is %2C");
    }
    return [key, value];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** One that is not valid is none: the trace then starts here, as W3C Trace Context wants it. */
function readParent(env: OutputEnv): TraceParent | undefined {
  const text = env["TRACEPARENT"]?.trim().toLowerCase() ?? "";
  const [, version, traceId = "", spanId = "", flags = "", rest] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(text) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const state = env["TRACESTATE"]?.trim();
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1, ...(state && { state }) };
}

function invalid(name: string, problem: string, example: string): ReporterEnvironmentError {
  return new ReporterEnvironmentError(`${name} ${problem}`, { hint: `set it to something like ${example}` });
}
