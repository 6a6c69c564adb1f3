// Time and chance
export { ManualClock, settle } from "./manual-clock.ts";
export { seededRandom } from "../plan/estimate/seeded-random.ts";

// Agents and tools for tests
export { conditionalAgent, ResourceTrackingAgent, scriptedAgent, type TrackedResource } from "./agents.ts";
export { ControllableAgent } from "./controllable-agent.ts";
export { mockTool, type MockTool, type MockToolOptions } from "./mock-tool.ts";
export { type Fault, type FaultOptions, withFault } from "./faults.ts";

// Runs and what they tell
export { EventRecorder } from "./event-recorder.ts";
export { createTestContext, type TestContext, type TestContextOptions } from "./test-context.ts";
export { TestRun } from "./test-run.ts";
export { assertEventGrammar, checkEventGrammar, type GrammarOptions, type GrammarViolation } from "./event-grammar.ts";
export { assertScenario, runScenario, type Scenario, type ScenarioReport } from "./scenario.ts";

// For authors of agents
export { type AgentConformanceOptions, describeAgent, type TestFunctions } from "./describe-agent.ts";

// For authors of reporters
export { describeReporter, type ReporterConformanceOptions } from "./describe-reporter.ts";
export { recordedRuns } from "./recorded-runs.ts";
