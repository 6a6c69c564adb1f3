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
