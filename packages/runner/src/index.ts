export { createLayerExecutionAgent, type LayerExecutionAgentOptions } from "./layer-execution-agent.ts";

export {
  createRunProcessTool,
  type ProcessControl,
  type RunProcessInput,
  runProcessInput,
  runProcessToolName,
} from "./run-process-tool.ts";
export { decideVerdict, type VerdictInput } from "./verdict.ts";

export { chooseAdapter, frameworkNames } from "./adapters/adapter-registry.ts";
export type {
  PreparedCommand,
  PrepareOptions,
  Shard,
  TestFrameworkAdapter,
  TestLister,
  TestList,
  TestReport,
} from "./adapters/test-framework-adapter.ts";
export {
  FrameworkCannotError,
  FrameworkUnreachableError,
  ReporterTakenError,
  SelectorsUnsupportedError,
  UnknownFrameworkError,
  UnreadableListError,
} from "./adapters/adapter-errors.ts";
export { type JUnitReport, readJUnit } from "./adapters/junit.ts";
export type { JUnitCase } from "./adapters/junit-collector.ts";

export { defaultGraceMs, type ProcessExit, runProcess, type RunProcessOptions } from "./process/run-process.ts";
export type { SpawnError } from "./process/spawn-error.ts";
export { LogFileError } from "./process/log-file.ts";
export { ChildEnvironment } from "./process/child-environment.ts";
export { followOutput, type OutputFollower } from "./process/follow-output.ts";
export { lastLines } from "./process/last-lines.ts";
