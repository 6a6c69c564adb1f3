// Configuration
export type { Config } from "./config/config.ts";
export { builtInCategories, defaultEnvironment, defaultLayers, defaultRunMode } from "./config/defaults.ts";
export { type CommandDiscovery, packageScriptDiscovery } from "./config/discover.ts";
export { findConfig, type ConfigPlace } from "./config/find-config.ts";
export { loadConfig, type LoadConfigOptions } from "./config/load-config.ts";
export {
  ConfigError,
  type ConfigPath,
  type ConfigProblem,
  formatProblem,
  type SourceLocation,
} from "./config/problem.ts";
export type {
  Environment,
  EnvironmentAuth,
  HealthCheck,
  Service,
  ServiceHealth,
  ServicePort,
  ServiceProvider,
} from "./config/services/service.ts";
export {
  fillIn,
  type PlaceholderReference,
  placeholdersIn,
  type ServicePlace,
} from "./config/services/placeholders.ts";
export {
  type AddressedKind,
  type CheckAddress,
  readAddress,
  type ServiceAddress,
} from "./config/services/service-address.ts";
export { variablePrefix } from "./config/services/variable-prefix.ts";
export { didYouMean, suggest } from "./config/suggest.ts";
export { importFromProject, importHint, isModulePath } from "./config/import-from-project.ts";
export {
  type BackgroundSettings,
  defaultBackground,
  type NotifySettings,
  type PriorityName,
  priorityNames,
  type ScheduledTasks,
} from "./config/background.ts";
export { findCronProblem } from "./config/cron-text.ts";
export type { Monitoring } from "./config/monitoring.ts";
export type { HistorySettings, LogSettings } from "./config/past-runs.ts";
export { formatDuration, formatSize, parseDuration, parseSize } from "./config/units.ts";
export type {
  WrittenCategory,
  WrittenConfig,
  WrittenDuration,
  WrittenLayer,
  WrittenLayerSettings,
  WrittenNotify,
  WrittenPlacement,
  WrittenRetry,
  WrittenRunMode,
  WrittenSchedule,
  WrittenSize,
} from "./config/written-config.ts";
export type {
  WrittenDockerService,
  WrittenEnvironment,
  WrittenHealth,
  WrittenHealthCheck,
  WrittenLayerRequirements,
  WrittenService,
  WrittenServiceSettings,
} from "./config/written-services.ts";

// The model
export {
  type Category,
  type Command,
  type Evidence,
  isConfigured,
  type RetryPolicy,
  type RetryTime,
} from "./layers/category.ts";
export { commandText, shellQuote } from "./layers/command-text.ts";
export type { Enforcement, LimitRequest, LimitsInForce } from "./layers/limits.ts";
export type {
  AvailabilityPolicy,
  ExecutionMode,
  FlakyPolicy,
  Layer,
  LayerRequirements,
  LlmMode,
  Placement,
  ResourceLimits,
} from "./layers/layer.ts";
export type { DependencyPolicy, RunMode } from "./layers/run-mode.ts";
export { createRunId, type LayerId, type NodeId, type RunId } from "./ids.ts";

// From what was asked for to a plan
export {
  type AuthenticityRules,
  type CategoryTask,
  formatTestSelector,
  isFileItself,
  layerExecutionAgentName,
  parseTestSelector,
  selectorOf,
  type TestSelector,
  type TestShard,
} from "./plan/category-task.ts";
export { shardUnionAgentName, type ShardUnionTask } from "./plan/shard-nodes.ts";
export {
  type LayerNeeds,
  type LeftOutLayer,
  type Plan,
  type PlanLayer,
  type PlanNode,
  planNotes,
} from "./plan/plan.ts";
export type { Condition, FailurePolicy, Resources, Sla } from "./layers/node-rules.ts";
export { outputPattern } from "./output-pattern.ts";
export { createMask, type MaskRequest, maskData } from "./mask.ts";
export { PlanError } from "./plan/check-plan.ts";
export { definePlan, type PlanLayerSketch, type PlanNodeSketch, type PlanSketch } from "./plan/define-plan.ts";
export { resolvePlan } from "./plan/resolve-plan.ts";
export { type Selection, SelectionError } from "./plan/selection.ts";
export { type PlanFormat, planFormats, showPlan, type ShowPlanOptions } from "./plan/show/show-plan.ts";
export { type EstimateOptions, estimatePlan } from "./plan/estimate/estimate-plan.ts";
export { pastDurationsOf } from "./plan/estimate/past-durations.ts";
export type {
  LayerEstimate,
  NodeEstimate,
  PlanEstimate,
  PlanHistory,
  SpanEstimate,
  TimeEstimate,
} from "./plan/estimate/plan-estimate.ts";
export { Dag, type DagEntry } from "./dag/dag.ts";
export { criticalPath, type CriticalPath } from "./dag/critical-path.ts";
export type { EdgeRows, IndexList } from "./dag/edge-rows.ts";
export { DagError, type DagProblems } from "./dag/dag-error.ts";

// Budgets over time
export { type BudgetSeverity, type BudgetTrend, budgetTrends } from "./budget/budget-trend.ts";
export type { BudgetEater } from "./budget/budget-eaters.ts";
export type { BudgetMove } from "./budget/budget-moves.ts";
export type { LayerHistory, LayerRun } from "./budget/layer-history.ts";

// Running it
export { type RunHandle, runPlan, type RunPlanOptions, startRun } from "./controller/master-controller.ts";
export { StoppableClock } from "./engine/stoppable-clock.ts";
export { exitCodeOf, exitCodes } from "./controller/exit-codes.ts";
export { createExecutionEngine, type ExecutionEngine } from "./engine/execution-engine.ts";
export type { ExecutionEngineOptions, ExecutionSettings, PlanResult } from "./engine/engine-options.ts";
export { type ConditionCheck, type ConditionFacts, UnknownConditionError } from "./engine/condition.ts";
export type { NodeResult } from "./engine/node-execution.ts";
export { IllegalTransitionError, type RunState, RunStateMachine } from "./engine/run-state.ts";
export { type FingerprintFacts, fingerprintNodes } from "./engine/fingerprint.ts";
export { SpawnError } from "./engine/expansion.ts";
export { resumeRun, type ResumeOptions } from "./controller/resume-run.ts";
export {
  type KeptNode,
  type KeptState,
  type RecoveredRun,
  RecoveryError,
  recoverRun,
  type RecoverOptions,
  withoutSpawnedBy,
} from "./engine/recover.ts";
export { AgentCycleError } from "./controller/agent-lifecycle.ts";
export {
  createTestOrchestratorAgent,
  type OrchestrationStatus,
  type OrchestrationTask,
  testOrchestratorAgentName,
} from "./controller/test-orchestrator-agent.ts";

// Watching and aggregating
export {
  type AlertChange,
  type AlertComparison,
  AlertEvaluator,
  type AlertMetric,
  alertMetrics,
  type AlertRule,
  type AlertRuleProblem,
  parseAlertRule,
  replayAlerts,
} from "./controller/alerts.ts";
export { type CallStats, type ResourceReading, type RunMetrics, RunMetricsFold } from "./controller/metrics.ts";
export { MetricLabelError, prometheusText } from "./controller/prometheus-text.ts";
export type { ServiceCounts } from "./controller/service-counters.ts";
export { mergeSummaries, type MergeOptions, type RunCounts, RunTotals, summarizeRun } from "./controller/summarize.ts";

// What came of it
export {
  type CancelledBy,
  type DeadlineScope,
  type FailureClass,
  failureClassOf,
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
  type AttemptRecord,
  type AttemptScope,
  type CoordinationEfficiency,
  type EnforcementCounts,
  type EventEnvelope,
  eventVersion,
  type NodeEvidence,
  type RunEvent,
  type RunEventBody,
  type RunEventOf,
  type RunEventType,
  type RunSummary,
  type SlaBreach,
} from "./events/run-event.ts";
export { type RunHost, type RunInputs, runInputsOf } from "./events/run-surroundings.ts";
export { thisHost } from "./events/this-host.ts";
export type {
  ContentionEvent,
  EnvironmentReading,
  MissingResource,
  ServiceOutage,
  ServiceOwner,
  ServiceState,
  SurroundingsEvent,
} from "./events/service-events.ts";
export type { Suspicion } from "./events/suspicion.ts";
export {
  decodeEvent,
  type DecodeOptions,
  encodeEvent,
  EventCodecError,
  type EventUpgrades,
  type ParsedEventLog,
  parseEventLog,
} from "./events/event-codec.ts";
export type { WrittenEvent } from "./events/event-fields.ts";
export { EventStream, type EventStreamOptions } from "./events/event-stream.ts";
export type { Reporter } from "./events/reporter.ts";
export { isolateReporter } from "./events/isolate-reporter.ts";
export { ReporterFanOut, type ReporterFanOutOptions } from "./events/reporter-fan-out.ts";
export type { ReporterFailure, ReporterReview, SlowReporter } from "./events/reporter-review.ts";
export type { ReporterContext, ReporterFactory, ReporterStream } from "./events/reporter-factory.ts";

// For authors of agents
export { defineAgent, defineTool, DefinitionError } from "./agents/define.ts";
export { type AgentSource, createAgents, definePlugin, type Plugin, type Plugins } from "./agents/plugin.ts";
export type {
  Agent,
  AgentHealth,
  AgentHost,
  AgentLimits,
  AgentReport,
  FailedAttempt,
  InfrastructureFault,
  LayerAdmission,
  LayerRequest,
} from "./agents/agent.ts";
export type { HealthState } from "./events/run-event.ts";
export type { AgentContext, AgentLogger, CallTool, SpawnedNode, UserContext } from "./agents/agent-context.ts";
export type { LogLevel } from "./events/run-event.ts";
export type { AgentState, StateKey, StateProvenance } from "./agents/agent-state.ts";
export { defineStateKey, StateError } from "./agents/state-store.ts";
export type { Schema } from "./agents/schema.ts";
export type { Tool, ToolContext } from "./agents/tool.ts";
export { ToolInputError, ToolOutputError, ToolTimeoutError, UnknownToolError } from "./agents/tool-call.ts";
export { type AgentSurroundings, AttemptOverError } from "./agents/invocation.ts";
export { AgentInputError } from "./engine/attempt-outcome.ts";
export type { AgentMessage, CommunicationPattern, Delivery, MessageSender, OutgoingMessage } from "./agents/message.ts";
export { communicationPatterns, MessageError } from "./agents/message.ts";
export { MessageBus, type MessageBusOptions } from "./agents/message-bus.ts";
export { Heartbeat, type HeartbeatOptions } from "./controller/heartbeat.ts";
export { AgentRegistry, DuplicateAgentError, UnknownAgentError } from "./agents/agent-registry.ts";

// Ground
export { ApexError, describeThrown, describeWithHint, isApexError } from "./apex-error.ts";
export { type Clock, delay, systemClock } from "./clock.ts";

// Processes
export { ChildEnvironment, searchPathKey } from "./child-environment.ts";
export { DirectoryLock, type DirectoryLockOptions, type HeldLock } from "./ledger/directory-lock.ts";
export { hostDirectory } from "./ledger/host-directory.ts";
export { hostMemoryBytes, HostLedger, type LedgerPicture } from "./ledger/host-ledger.ts";
export type { HostIdentity, HostParticipant, HostRequest, TakeAnswer } from "./ledger/host-participant.ts";
export type { HostAmounts, HostCapacity, HostSlot } from "./ledger/host-amounts.ts";
export {
  describeParticipant,
  type LedgerRecord,
  type LedgerTake,
  type LedgerWait,
  type ParticipantKind,
  type TakeLevel,
} from "./ledger/ledger-record.ts";
export { takesOfHost } from "./engine/host-demand.ts";
export { identifyProcess, isProcessAlive, ownProcess, type ProcessIdentity } from "./process-identity.ts";
