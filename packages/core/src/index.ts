// Configuration
export type { Config } from "./config/config.ts";
export { builtInCategories, defaultEnvironment, defaultLayers, defaultRunMode } from "./config/defaults.ts";
export { type CommandDiscovery, packageScriptDiscovery } from "./config/discover.ts";
export { loadConfig, type LoadConfigOptions } from "./config/load-config.ts";
export {
  ConfigError,
  type ConfigPath,
  type ConfigProblem,
  formatProblem,
  type SourceLocation,
} from "./config/problem.ts";
export { didYouMean, suggest } from "./config/suggest.ts";
export { formatDuration, parseDuration, parseSize } from "./config/units.ts";
export type {
  WrittenCategory,
  WrittenConfig,
  WrittenDuration,
  WrittenLayer,
  WrittenLayerSettings,
  WrittenPlacement,
  WrittenRetry,
  WrittenRunMode,
  WrittenService,
  WrittenSize,
} from "./config/written-config.ts";

// The model
export type { Category, Command, Evidence, RetryPolicy } from "./layers/category.ts";
export { commandText, shellQuote } from "./layers/command-text.ts";
export type { ExecutionMode, Layer, LlmMode, Placement, ResourceLimits } from "./layers/layer.ts";
export type { DependencyPolicy, RunMode } from "./layers/run-mode.ts";
export { createRunId, type LayerId, type NodeId, type RunId } from "./ids.ts";

// From what was asked for to a plan
export {
  type CategoryTask,
  formatTestSelector,
  layerExecutionAgentName,
  parseTestSelector,
  type TestSelector,
} from "./plan/category-task.ts";
export {
  type FailurePolicy,
  type LeftOutLayer,
  type Plan,
  type PlanLayer,
  type PlanNode,
  planNotes,
} from "./plan/plan.ts";
export { resolvePlan } from "./plan/resolve-plan.ts";
export { type Selection, SelectionError } from "./plan/selection.ts";
export { type PlanFormat, planFormats, showPlan } from "./plan/show/show-plan.ts";
export { Dag, type DagEntry } from "./dag/dag.ts";
export { DagError, type DagProblems } from "./dag/dag-error.ts";

// Running it
export { runPlan, type RunPlanOptions } from "./controller/master-controller.ts";
export { exitCodeOf, exitCodes } from "./controller/exit-codes.ts";
export {
  createExecutionEngine,
  type ExecutionEngine,
  type ExecutionEngineOptions,
  type PlanResult,
} from "./engine/execution-engine.ts";
export type { NodeResult } from "./engine/node-execution.ts";
export { IllegalTransitionError, type RunState, RunStateMachine } from "./engine/run-state.ts";

// What came of it
export {
  type CancelledBy,
  type DeadlineScope,
  describeOutcome,
  isOutcome,
  type Outcome,
  type OutcomeStatus,
  type SkipCause,
} from "./outcome.ts";
export { addCounts, countTests, noTests, type TestCounts, type TestResult, type TestStatus } from "./test-result.ts";

// The event stream
export {
  type AgentReportedEvent,
  type EventEnvelope,
  eventVersion,
  type NodeEvidence,
  type RunEvent,
  type RunEventBody,
  type RunEventOf,
  type RunEventType,
  type RunSummary,
} from "./events/run-event.ts";
export { EventStream, type EventStreamOptions } from "./events/event-stream.ts";
export type { Reporter } from "./events/reporter.ts";

// For authors of agents
export type { Agent, AgentHost, AgentReport } from "./agents/agent.ts";
export type { AgentContext, UserContext } from "./agents/agent-context.ts";
export { AgentRegistry, DuplicateAgentError, UnknownAgentError } from "./agents/agent-registry.ts";
export { ToolInputError, UnknownToolError } from "./agents/invocation.ts";
export type { Tool, ToolContext } from "./agents/tool.ts";

// Ground
export { ApexError, describeThrown, isApexError } from "./apex-error.ts";
export { type Clock, delay, systemClock } from "./clock.ts";
