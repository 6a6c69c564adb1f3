export { ApexError, describeThrown, isApexError } from "./apex-error.ts";
export { type Clock, delay, systemClock } from "./clock.ts";
export { createRunId, type LayerId, type NodeId, type RunId } from "./ids.ts";
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

export type { Category, Command, Evidence, RetryPolicy } from "./layers/category.ts";
export type { ExecutionMode, Layer, LlmMode, Placement, ResourceLimits } from "./layers/layer.ts";
export type { DependencyPolicy, RunMode } from "./layers/run-mode.ts";

export type { FailurePolicy, Plan, PlanLayer, PlanNode } from "./plan/plan.ts";
export {
  type CategoryTask,
  formatTestSelector,
  layerExecutionAgentName,
  parseTestSelector,
  type TestSelector,
} from "./plan/category-task.ts";

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
export type { Reporter } from "./events/reporter.ts";

export type { Agent, AgentHost, AgentReport } from "./agents/agent.ts";
export type { AgentContext, UserContext } from "./agents/agent-context.ts";
export type { Tool, ToolContext } from "./agents/tool.ts";
export { type RunState } from "./engine/run-state.ts";
