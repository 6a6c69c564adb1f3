import { isOutcome } from "../outcome.ts";
import type { TestStatus } from "../test-result.ts";
import type { EventEnvelope, RunEventOf, RunEventType } from "./run-event.ts";

/** An event as it stands in a log, before it is known what it holds. */
export type WrittenEvent = Readonly<Record<string, unknown>>;

/** Single values that a field can hold, in words. */
const scalars = {
  text: "a text",
  number: "a number",
  count: "a whole number from 0",
  position: "a whole number from 1",
  flag: "true or false",
  time: "an ISO 8601 time in UTC",
  object: "an object",
  outcome: "an outcome with its reason",
  testStatus: "the status of a test",
  anything: "anything",
} as const;

type Scalar = keyof typeof scalars;
type Shape = "plan" | "layer" | "node" | "counts" | "test" | "breach" | "missing" | "summary" | "attempt";
type Kind = Scalar | Shape | `${Scalar | Shape}[]`;
/** What each field holds; `?` where it may be absent. */
type FieldTable = Readonly<Record<string, Kind | `${Kind}?`>>;

/** Every field of a type of event; those that may be absent only where something relies on what they hold. */
type OwnFields<Event> = {
  readonly [Field in keyof Event as Exclude<Field, keyof EventEnvelope | "type">]: undefined extends Event[Field]
    ? `${Kind}?`
    : Kind;
};

/** As far as folds over events rely on them, as in the tables below. */
const shapes: Readonly<Record<Shape, FieldTable>> = {
  plan: { environment: "text", layers: "layer[]", nodes: "node[]" },
  layer: { id: "text", nodes: "text[]" },
  node: { id: "text", layerId: "text", agent: "text", needs: "text[]", spawnedBy: "text?", parts: "text[]?" },
  counts: { total: "count", passed: "count", failed: "count", skipped: "count", flaky: "count" },
  test: { id: "text", name: "text", status: "testStatus", durationMs: "number" },
  breach: { what: "text" },
  missing: { kind: "text", name: "text", reason: "text" },
  attempt: { attempt: "position", outcome: "outcome", durationMs: "number", counts: "counts" },
  summary: { outcome: "outcome", exitCode: "count", durationMs: "number", counts: "counts", nodes: "object" },
};

const envelopeFields = {
  version: "count",
  seq: "position",
  at: "time",
  runId: "text",
  type: "text",
  threadId: "text?",
  userId: "text?",
} as const satisfies { readonly [Field in keyof EventEnvelope | "type"]: FieldTable[string] };

const ofNode = { nodeId: "text", attempt: "position" } as const;
const ofNodeOrRun = { nodeId: "text?", attempt: "position?" } as const;
const call = { ...ofNode, agent: "text", tool: "text", callId: "position" } as const;

const ownFields = {
  run_started: {
    plan: "plan",
    agentVersions: "object?",
    command: "text[]?",
    host: "object?",
    inputFingerprint: "text?",
    resumes: "text?",
    expectedMs: "object?",
  },
  inputs_identified: { inputFingerprint: "text", commit: "text?", branch: "text?", isDirty: "flag?" },
  run_state_changed: { from: "text", to: "text" },
  run_paused: { reason: "text" },
  run_resumed: { pausedMs: "number" },
  run_completed: { summary: "summary" },
  plan_extended: { by: "text", nodes: "node[]" },
  layer_started: { layerId: "text" },
  layer_completed: { layerId: "text", outcome: "outcome", durationMs: "number", counts: "counts" },
  node_started: { nodeId: "text", layerId: "text" },
  node_retrying: { ...ofNode, outcome: "outcome", delayMs: "number", when: "text?", failedTests: "count?" },
  retry_refused: { ...ofNode, outcome: "outcome", reason: "text" },
  node_completed: {
    nodeId: "text",
    layerId: "text",
    outcome: "outcome",
    durationMs: "number",
    attempts: "count",
    attemptRecords: "attempt[]?",
    counts: "counts",
    flaky: "flag",
    evidence: "object?",
    slaBreaches: "breach[]?",
    keptFrom: "text?",
  },
  agent_started: { ...ofNode, agent: "text" },
  agent_thinking: { ...ofNode, agent: "text", note: "text" },
  tool_executing: { ...call, input: "anything?" },
  tool_completed: { ...call, durationMs: "number", error: "text?" },
  metric_reported: { ...ofNode, agent: "text", name: "text", value: "number" },
  state_written: { ...ofNode, agent: "text", key: "text", value: "anything?" },
  agent_logged: { ...ofNodeOrRun, agent: "text", level: "text", message: "text", fields: "object?" },
  message_sent: {
    ...ofNodeOrRun,
    messageId: "position",
    from: "text",
    pattern: "text",
    topic: "text",
    to: "text[]",
    priority: "number",
  },
  message_delivered: { messageId: "position", agent: "text", status: "text", durationMs: "number", error: "text?" },
  agent_health_changed: { agent: "text", from: "text", to: "text" },
  agent_quarantined: { agent: "text", nodeId: "text", reason: "text" },
  resource_sampled: {
    cpuPercent: "number",
    memoryBytes: "number",
    diskFreeBytes: "number?",
    queueDepth: "count",
    running: "count",
  },
  alert_raised: { rule: "text", message: "text", notify: "text[]" },
  alert_cleared: { rule: "text" },
  agent_completed: {
    ...ofNode,
    agent: "text",
    outcome: "outcome",
    durationMs: "number",
    counts: "counts?",
    scope: "text?",
    evidence: "object?",
  },
  test_completed: { ...ofNode, test: "test" },
  output: { ...ofNode, text: "text" },
  process_sampled: { ...ofNode, processes: "count", memoryBytes: "number", cpuPercent: "number" },
  service_state_changed: {
    service: "text",
    from: "text?",
    to: "text",
    owner: "text?",
    reason: "text?",
    address: "text?",
    durationMs: "number?",
  },
  service_outage_started: { service: "text", lastUpAt: "time", reason: "text" },
  service_outage_ended: { service: "text", lastUpAt: "time", durationMs: "number", reason: "text" },
  resources_missing: { layerId: "text", missing: "missing[]", policy: "text" },
  resources_awaited: { layerId: "text", nodeId: "text?", reason: "text" },
  resources_granted: { layerId: "text", nodeId: "text?", waitedMs: "number" },
  environment_read: {
    environment: "text",
    moment: "text",
    baseUrl: "text?",
    status: "count",
    deployedVersion: "text?",
    digest: "text",
  },
  reporter_failed: { reporter: "text", message: "text" },
} as const satisfies { readonly [Type in RunEventType]: OwnFields<RunEventOf<Type>> };

/** Whether this reader knows a type of event. */
export function isKnownType(type: string): type is RunEventType {
  return Object.hasOwn(ownFields, type);
}

/** The first field of an event's envelope that does not hold what it must, in words. */
export function envelopeProblem(event: WrittenEvent): string | undefined {
  return fieldProblem(event, envelopeFields, "event");
}

/** The first of a type's own fields that does not hold what it must, in words. */
export function ownFieldProblem(event: WrittenEvent, type: RunEventType): string | undefined {
  return fieldProblem(event, ownFields[type], type);
}

/** The first field that does not hold what it must, in words. `path` says whose fields they are. */
function fieldProblem(value: WrittenEvent, table: FieldTable, path: string): string | undefined {
  for (const [name, kind] of Object.entries(table)) {
    const field = value[name];
    const problem =
      field === undefined && kind.endsWith("?")
        ? undefined
        : kindProblem(field, kind.replace("?", "") as Kind, `${path}.${name}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function kindProblem(value: unknown, kind: Kind, path: string): string | undefined {
  if (value === undefined) return `${path} is missing`;
  if (kind.endsWith("[]")) {
    if (!Array.isArray(value)) return `${path} must be a list, not ${shown(value)}`;
    const of = kind.slice(0, -2) as Scalar | Shape;
    for (const [index, entry] of value.entries()) {
      const problem = kindProblem(entry, of, `${path}[${index}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (kind in shapes) {
    return isObject(value)
      ? fieldProblem(value, shapes[kind as Shape], path)
      : `${path} must be an object, not ${shown(value)}`;
  }
  return isScalar(value, kind as Scalar)
    ? undefined
    : `${path} must be ${scalars[kind as Scalar]}, not ${shown(value)}`;
}

function isScalar(value: unknown, kind: Scalar): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "count":
      return Number.isInteger(value) && (value as number) >= 0;
    case "position":
      return Number.isInteger(value) && (value as number) >= 1;
    case "flag":
      return typeof value === "boolean";
    case "time":
      return typeof value === "string" && isoTime.test(value) && !Number.isNaN(Date.parse(value));
    case "object":
      return isObject(value);
    case "outcome":
      return isOutcome(value) && (value.status === "passed" || typeof value.reason === "string");
    case "testStatus":
      return typeof value === "string" && Object.hasOwn(testStatuses, value);
    case "anything":
      return true;
    default:
      return kind satisfies never;
  }
}

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const testStatuses: Readonly<Record<TestStatus, true>> = {
  passed: true,
  failed: true,
  skipped: true,
  todo: true,
  errored: true,
};

/** Whether a value out of JSON has fields. */
export function isObject(value: unknown): value is WrittenEvent {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as JSON, cut where it is long. */
function shown(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
