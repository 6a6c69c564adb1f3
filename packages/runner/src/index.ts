export { runTests, type RunTestsOptions, type TestRun } from "./run-tests.ts";
export { createLayerExecutionAgent, type LayerExecutionAgentOptions } from "./layer-execution-agent.ts";
export { runSettings } from "./run-settings.ts";
export { type Secrets, secretsOf } from "./secrets.ts";

export { createShardUnionAgent } from "./shards/shard-union-agent.ts";
export { balanceShards, type BalanceOptions, type PastFileDurations } from "./shards/balance-shards.ts";
export { ShardFilesError } from "./shards/shard-files.ts";
export { assertShardable, ShardsUnsupportedError } from "./shards/shard-refusals.ts";

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
  FileList,
  FileLister,
  TestFrameworkAdapter,
  TestLister,
  TestList,
  TestReport,
  ReportsBefore,
  WrittenReport,
} from "./adapters/test-framework-adapter.ts";
export {
  FrameworkCannotError,
  FrameworkUnreachableError,
  ListFailedError,
  ReporterTakenError,
  ReportLocationError,
  SelectorsUnsupportedError,
  UnknownFrameworkError,
} from "./adapters/adapter-errors.ts";
export { type JUnitReport, readJUnit } from "./adapters/junit.ts";
export type { JUnitCase } from "./adapters/junit-collector.ts";

export { defaultGraceMs, type ProcessExit, runProcess, type RunProcessOptions } from "./process/run-process.ts";
export type { SpawnError } from "./process/spawn-error.ts";
export { ProcessGuard, type ProcessGuardOptions } from "./guard/process-guard.ts";
export { endAbandoned } from "./guard/end-abandoned.ts";
export { processesWithVariable } from "./guard/process-table.ts";
export { isContainerRun } from "./guard/container-run.ts";
export type { FoundProcess, LimitLevels, TreePeak, TreeUsage } from "./guard/guard-protocol.ts";
export { LogFileError } from "./process/log-file.ts";
export { ChildEnvironment } from "@netra-apex/core";
export { followOutput, type OutputFollower } from "./process/follow-output.ts";
export { lastLines } from "./process/last-lines.ts";
