import { describe, expect, it } from "vitest";
import { readOtlpEnvironment } from "../../src/opentelemetry/otlp-environment.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

describe("OpenTelemetry's environment variables", () => {
  it("have the defaults of the specification", () => {
    const { url, ...rest } = readOtlpEnvironment({}) ?? {};
    expect(url?.href).toBe("http://localhost:4318/v1/traces");
    expect(rest).toEqual({
      headers: {},
      timeoutMs: 10_000,
      compression: "none",
      resource: { "service.name": "netra-apex" },
    });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4318" }, "http://otel:4318/v1/traces"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otel.example/otlp/" }, "https://otel.example/otlp/v1/traces"],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://a", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b/as/it/is" },
      "http://b/as/it/is",
    ],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b:1234" }, "http://b:1234/"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: " " }, "http://localhost:4318/v1/traces"],
  ])("name the address: %j", (env, href) => {
    expect(readOtlpEnvironment(env)?.url.href).toBe(href);
  });

  it("name headers, decoded, those of traces over those of all signals", () => {
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=abc%2C1, authorization=Bearer%20x=y,",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "api-key=own",
    };
    expect(readOtlpEnvironment(env)?.headers).toEqual({ "api-key": "own", authorization: "Bearer x=y" });
  });

  it("name the time of a request and its compression", () => {
    const env = {
      OTEL_EXPORTER_OTLP_TIMEOUT: "5000",
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "250",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    };
    expect(readOtlpEnvironment(env)).toMatchObject({ timeoutMs: 250, compression: "gzip" });
  });

  it("name the resource, the service by its own variable first", () => {
    const OTEL_RESOURCE_ATTRIBUTES = "service.name=listed,deployment.environment.name=ci,team=a%20b";
    expect(readOtlpEnvironment({ OTEL_RESOURCE_ATTRIBUTES })?.resource["service.name"]).toBe("listed");
    expect(readOtlpEnvironment({ OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME: "shop" })?.resource).toEqual({
      "service.name": "shop",
      "deployment.environment.name": "ci",
      team: "a b",
    });
  });

  it("make the run a part of the trace that it was called in", () => {
    const env = { TRACEPARENT: `00-${traceId}-${spanId}-01`, TRACESTATE: "vendor=1" };
    expect(readOtlpEnvironment(env)?.parent).toEqual({ traceId, spanId, isSampled: true, state: "vendor=1" });
    const later = { TRACEPARENT: `01-${traceId}-${spanId}-01-more` };
    expect(readOtlpEnvironment(later)?.parent).toEqual({ traceId, spanId, isSampled: true });
  });

  it.each([
    `00-${traceId}-${spanId}`,
    `ff-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId}-${spanId}-01-more`,
    "nonsense",
  ])("begin a trace of the run's own where the caller's is none: %s", (TRACEPARENT) => {
    expect(readOtlpEnvironment({ TRACEPARENT })).toBeDefined();
    expect(readOtlpEnvironment({ TRACEPARENT })?.parent).toBeUndefined();
  });

  it("switch it off", () => {
    expect(readOtlpEnvironment({ OTEL_SDK_DISABLED: "TRUE" })).toBeUndefined();
    expect(readOtlpEnvironment({ OTEL_SDK_DISABLED: "1" })).toBeDefined();
    expect(readOtlpEnvironment({ TRACEPARENT: `00-${traceId}-${spanId}-00` })).toBeUndefined();
  });

  it.each([
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "otel:4318", "is no http or https address"],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "not an address", "is no http or https address"],
    ["OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "is no number of milliseconds"],
    ["OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "is neither gzip nor none"],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "asks for grpc, and spans are sent over HTTP"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "api-key=ok,s3cret", "is no list of names with values"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "key=a%0d%0ainjected: s3cret", "is no list of names with values"],
    ["OTEL_RESOURCE_ATTRIBUTES", "a=%E0%A4%A", "is no list of names with values"],
  ])("are refused with what to write instead: %s=%s", (name, value, problem) => {
    const read = (): unknown => readOtlpEnvironment({ [name]: value });
    expect(read).toThrow(
      expect.objectContaining({
        code: "APEX_REPORTER_ENVIRONMENT",
        message: `${name} ${problem}`,
        hint: expect.not.stringContaining("s3cret"),
      }),
    );
  });
});
