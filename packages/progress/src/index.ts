export { chooseProgressMode, type ProgressMode, type ProgressModeQuestion } from "./choose-progress-mode.ts";
export { createReporter } from "./create-reporter.ts";
export type { ReporterOptions } from "./reporter-options.ts";
export type { OutputEnv, OutputStream } from "./output-stream.ts";
export { cleanLine } from "./render/clean-text.ts";
export { displayWidth, truncate } from "./render/display-width.ts";
export { backgroundClock } from "./background-clock.ts";

export { applyEvent, emptyRunView, type LayerProgress, type LayerView, type RunView } from "./run-view.ts";
export {
  type EarlierAttempt,
  type FinishedNode,
  type KeptTest,
  keptTestsPerNode,
  type RunningNode,
} from "./node-view.ts";

export { createGithubReporter, type GithubReporterOptions } from "./github/github-reporter.ts";
export { ReporterEnvironmentError } from "./reporter-environment-error.ts";
export {
  createOpenTelemetryReporter,
  OpenTelemetryExportError,
  type OpenTelemetryReporterOptions,
} from "./opentelemetry/opentelemetry-reporter.ts";
