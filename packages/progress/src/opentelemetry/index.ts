export {
  createOpenTelemetryReporter,
  OpenTelemetryExportError,
  type OpenTelemetryReporterOptions,
} from "./opentelemetry-reporter.ts";
export { ReporterEnvironmentError } from "../reporter-environment-error.ts";
export type { OutputEnv } from "../output-stream.ts";
