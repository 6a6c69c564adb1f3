export { chooseProgressMode, type ProgressMode, type ProgressModeQuestion } from "./choose-progress-mode.ts";
export { createReporter } from "./create-reporter.ts";
export type { ReporterOptions } from "./reporter-options.ts";
export type { OutputEnv, OutputStream } from "./output-stream.ts";
export { cleanLine } from "./render/clean-text.ts";
export { displayWidth, truncate } from "./render/display-width.ts";
export { backgroundClock } from "./background-clock.ts";

export {
  applyEvent,
  type DoneView,
  emptyRunView,
  type LayerProgress,
  type LayerView,
  type LeaderView,
  RunFold,
  type RunView,
} from "./run-view.ts";
export {
  type EarlierAttempt,
  type FinishedNode,
  type KeptTest,
  keptTestsPerNode,
  type NodeUsage,
  type RunningNode,
} from "./node-view.ts";

// Reporters by name: those that apex brings along, and those of others
export {
  chooseReporters,
  type ChosenReporter,
  type ChosenReporters,
  type ReportersQuestion,
} from "./reporters/choose-reporters.ts";
export { openReporters, type OpenReportersOptions } from "./reporters/open-reporters.ts";
export { parseReporterRequest, type ReporterRequest } from "./reporters/reporter-request.ts";
export { type ReporterEntry, reporterTable } from "./reporters/reporter-table.ts";
export type { ReporterPlaces } from "./reporters/load-reporter.ts";
export {
  ReporterConflictError,
  ReporterFileError,
  ReporterModuleError,
  UnknownReporterError,
} from "./reporters/reporter-errors.ts";

// What `--json` writes, read again
export { type EventInput, type EventReader, readEvents } from "./read-events.ts";
