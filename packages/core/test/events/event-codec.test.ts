import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { decodeEvent, encodeEvent, EventCodecError, parseEventLog } from "../../src/events/event-codec.ts";
import { eventVersion, type RunEvent, type RunEventType } from "../../src/events/run-event.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { eventLog } from "../rig/event-log.ts";

const fixtures = path.join(import.meta.dirname, "fixtures");
const readFixture = (name: string): string => readFileSync(path.join(fixtures, name), "utf8");
const recorded = ["v1.ndjson", "v1-with-inputs.ndjson", "v1-with-services.ndjson"].flatMap((name) =>
  readFixture(name).trimEnd().split("\n"),
);

/** A line with some of its fields changed; those set to undefined are gone. */
function changed(line: string, change: object): string {
  return JSON.stringify({ ...JSON.parse(line), ...change });
}

function lineOf(type: RunEventType): string {
  return recorded.find((line) => JSON.parse(line).type === type)!;
}

function errorOf(read: () => unknown): EventCodecError {
  try {
    read();
  } catch (error) {
    if (error instanceof EventCodecError) return error;
    throw error;
  }
  throw new Error("it was read");
}

const everyType = {
  run_started: true,
  inputs_identified: true,
  run_state_changed: true,
  run_paused: true,
  run_resumed: true,
  run_completed: true,
  plan_extended: true,
  layer_started: true,
  layer_completed: true,
  node_started: true,
  node_retrying: true,
  retry_refused: true,
  node_completed: true,
  agent_started: true,
  agent_thinking: true,
  tool_executing: true,
  tool_completed: true,
  metric_reported: true,
  state_written: true,
  agent_logged: true,
  message_sent: true,
  message_delivered: true,
  agent_health_changed: true,
  agent_quarantined: true,
  resource_sampled: true,
  alert_raised: true,
  alert_cleared: true,
  agent_completed: true,
  test_completed: true,
  output: true,
  process_sampled: true,
  service_state_changed: true,
  service_outage_started: true,
  service_outage_ended: true,
  resources_missing: true,
  resources_awaited: true,
  resources_granted: true,
  environment_read: true,
  reporter_failed: true,
} satisfies Record<RunEventType, true>;

describe("recorded logs", () => {
  it.each(readdirSync(fixtures))("of %s are read whole by this reader", (name) => {
    const { events, skipped, torn } = parseEventLog(readFixture(name));
    expect({ skipped, torn }).toEqual({ skipped: [], torn: false });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    expect(new Set(events.map((event) => event.version))).toEqual(new Set([eventVersion]));
  });

  it("have an event of every type", () => {
    const types = readdirSync(fixtures).flatMap((name) =>
      parseEventLog(readFixture(name)).events.map(({ type }) => type),
    );
    expect([...new Set(types)].sort()).toEqual(Object.keys(everyType).sort());
  });

  it.each(recorded)("of the present version are read and written without a difference: %.90s…", (line) => {
    const event = decodeEvent(line);
    expect(event).toEqual(JSON.parse(line));
    expect(encodeEvent(event!)).toBe(line);
  });
});

describe("writing an event", () => {
  it("makes one line of whatever the event says", () => {
    const text = 'one\ntwo\r\nthree\u2028four "five" \u0000 \uD83D';
    const [event] = eventLog([{ type: "output", nodeId: "a", attempt: 1, text }]);
    const line = encodeEvent(event!);
    expect(line).not.toMatch(/[\n\r]/);
    expect(decodeEvent(line)).toEqual(event);
  });

  it("puts a note in place of a tool's input that does not survive JSON", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const call = { type: "tool_executing", nodeId: "a", attempt: 1, agent: "rig", tool: "query", callId: 1 } as const;
    const lines = eventLog([
      { ...call, input: circular },
      { ...call, input: { id: 1n } },
    ]).map((event) => decodeEvent(encodeEvent(event)));
    expect(lines).toMatchObject([
      { ...call, input: expect.stringContaining("does not survive JSON: Converting circular structure") },
      { ...call, input: expect.stringContaining("BigInt") },
    ]);
  });

  it("puts a note in place of those fields of a log entry alone that do not survive JSON", () => {
    const [event] = eventLog([
      { type: "agent_logged", agent: "rig", level: "info", message: "read", fields: { id: 1n, rows: 3 } },
    ]);
    expect(decodeEvent(encodeEvent(event!))).toMatchObject({
      message: "read",
      fields: { id: expect.stringContaining("does not survive JSON"), rows: 3 },
    });
  });

  it("refuses an event whose own facts do not survive JSON", () => {
    const plan = definePlan({ nodes: [{ id: "a", agent: "rig", input: { id: 1n } }] });
    const error = errorOf(() => encodeEvent(eventLog([{ type: "run_started", plan }])[0]!));
    expect(error).toMatchObject({ code: "APEX_EVENT_INVALID", cause: expect.any(TypeError) });
    expect(error.message).toContain("run_started, event 1, does not survive JSON");
  });
});

describe("a line that is no event", () => {
  const line = lineOf("layer_started");

  it.each([
    ["", "not JSON: "],
    [line.slice(0, -1), "not JSON: "],
    ["null", "an event is a JSON object"],
    [`[${line}]`, "an event is a JSON object"],
    [changed(line, { version: undefined }), "event.version is missing"],
    [changed(line, { version: "1" }), 'event.version must be a whole number from 0, not "1"'],
    [changed(line, { version: 1.5 }), "event.version must be a whole number from 0, not 1.5"],
    [changed(line, { version: 0 }), "version 0 of events is older than any that can be read"],
    [changed(line, { seq: undefined }), "event.seq is missing"],
    [changed(line, { seq: 0 }), "event.seq must be a whole number from 1, not 0"],
    [changed(line, { at: 1_769_860_800_000 }), "event.at must be an ISO 8601 time in UTC, not 1769860800000"],
    [changed(line, { at: "yesterday" }), 'event.at must be an ISO 8601 time in UTC, not "yesterday"'],
    [changed(line, { at: "2026-01-31T25:00:00Z" }), "event.at must be"],
    [changed(line, { at: "2026-01-31T12:00:00+01:00" }), "event.at must be"],
    [changed(line, { runId: undefined }), "event.runId is missing"],
    [changed(line, { type: undefined }), "event.type is missing"],
    [changed(line, { type: 7 }), "event.type must be a text, not 7"],
    [changed(line, { threadId: 7 }), "event.threadId must be a text, not 7"],
    [changed(line, { userId: null }), "event.userId must be a text, not null"],
  ])("is refused: %.60s → %s", (broken, message) => {
    expect(errorOf(() => decodeEvent(broken)).message).toContain(message);
  });

  it("is named by its number, with what to do", () => {
    const error = errorOf(() => decodeEvent("{", { lineNumber: 12 }));
    expect(error).toMatchObject({ code: "APEX_EVENT_INVALID", lineNumber: 12, cause: expect.any(SyntaxError) });
    expect(error.message).toMatch(/^line 12: not JSON: /);
    expect(error.hint).toContain("one event of JSON per line");
  });

  const optional: Partial<Record<RunEventType, readonly string[]>> = {
    run_started: ["apexVersion", "agentVersions", "command", "host", "inputFingerprint", "resumes"],
    inputs_identified: ["commit", "branch", "isDirty"],
    node_completed: ["evidence", "slaBreaches", "keptFrom"],
    tool_executing: ["input"],
    tool_completed: ["error", "evidence"],
    metric_reported: ["unit"],
    state_written: ["value"],
    agent_logged: ["nodeId", "attempt", "fields"],
    message_sent: ["nodeId", "attempt"],
    message_delivered: ["error"],
    agent_health_changed: ["detail"],
    resource_sampled: ["diskFreeBytes"],
    service_state_changed: ["from", "owner", "reason", "address", "durationMs"],
    resources_awaited: ["nodeId"],
    resources_granted: ["nodeId"],
    environment_read: ["baseUrl", "deployedVersion"],
  };
  const envelope = ["version", "seq", "at", "runId", "threadId", "userId", "type"];
  const required = (Object.keys(everyType) as RunEventType[]).flatMap((type) =>
    Object.keys(JSON.parse(lineOf(type)))
      .filter((name) => !envelope.includes(name) && !optional[type]?.includes(name))
      .map((name) => [type, name] as const),
  );

  it.each(required)("is %s without %s, or with another kind of it", (type, name) => {
    expect(errorOf(() => decodeEvent(changed(lineOf(type), { [name]: undefined }))).message).toBe(
      `${type}.${name} is missing`,
    );
    const wrong = new RegExp(`^${type}\\.${name} must be `);
    expect(errorOf(() => decodeEvent(changed(lineOf(type), { [name]: null }))).message).toMatch(wrong);
  });

  it("is named down to the value that is wrong", () => {
    const started = JSON.parse(lineOf("run_started"));
    started.plan.nodes[1].needs = ["smoke", 3];
    expect(errorOf(() => decodeEvent(JSON.stringify(started))).message).toBe(
      "run_started.plan.nodes[1].needs[1] must be a text, not 3",
    );
  });

  it.each<[RunEventType, object, string]>([
    ["node_completed", { outcome: { status: "great" } }, "must be an outcome"],
    ["node_completed", { outcome: { status: "failed" } }, "must be an outcome with its reason"],
    ["node_completed", { counts: { total: 1 } }, "node_completed.counts.passed is missing"],
    ["node_completed", { keptFrom: 3 }, "node_completed.keptFrom must be a text, not 3"],
    ["node_completed", { slaBreaches: [{}] }, "node_completed.slaBreaches[0].what is missing"],
    ["test_completed", { test: { id: "a", name: "a", durationMs: 1, status: "ok" } }, "must be the status of a test"],
    ["agent_started", { attempt: 0 }, "agent_started.attempt must be a whole number from 1, not 0"],
    ["message_sent", { to: "everybody" }, 'message_sent.to must be a list, not "everybody"'],
  ])("is %s with %j", (type, change, message) => {
    expect(errorOf(() => decodeEvent(changed(lineOf(type), change))).message).toContain(message);
  });
});

describe("reading another version", () => {
  const newer = { version: eventVersion + 1 };

  it.each([
    ["of this version", { type: "node_teleported" }],
    ["of a newer version", { ...newer, type: "node_teleported" }],
    ["that every object has by birth", { type: "constructor" }],
  ])("leaves out a type %s that it does not know", (_, change) => {
    expect(decodeEvent(changed(lineOf("layer_started"), change))).toBeUndefined();
  });

  it("keeps fields that it does not know, and the version that wrote them", () => {
    const line = changed(lineOf("node_completed"), { ...newer, carbonGrams: 3 });
    expect(decodeEvent(line)).toEqual(JSON.parse(line));
  });

  it("leaves out a known type that a newer version tells differently", () => {
    const line = changed(lineOf("node_completed"), { ...newer, outcome: "passed" });
    expect(decodeEvent(line)).toBeUndefined();
  });

  it("upgrades an older one step by step to what the present version says", () => {
    const old = { version: 0, seq: 4, at: "2026-01-31T12:00:00Z", runId: "r1", type: "phase_started", phase: "fast" };
    const upgrades = {
      0: ({ phase, ...event }: Readonly<Record<string, unknown>>) => ({
        ...event,
        type: "layer_started",
        layerId: phase,
      }),
    };
    const upgraded = { ...old, version: 1, type: "layer_started", phase: undefined, layerId: "fast" };
    expect(decodeEvent(JSON.stringify(old), { upgrades })).toEqual(upgraded);
    expect(parseEventLog(`${JSON.stringify(old)}\n`, { upgrades }).events).toEqual([upgraded]);
  });

  it("refuses an older one that its upgrade cannot read, with its number", () => {
    const upgrades = {
      0: ({ layer }: Readonly<Record<string, unknown>>) => ({ layerId: (layer as { id: string }).id }),
    };
    const line = changed(lineOf("layer_started"), { version: 0 });
    const error = errorOf(() => decodeEvent(line, { upgrades, lineNumber: 4 }));
    expect(error.message).toMatch(/^line 4: no event of version 0: /);
    expect(error.cause).toBeInstanceOf(TypeError);
  });
});

describe("reading a log", () => {
  const text = `${recorded.join("\n")}\n`;
  const seqs = (events: readonly RunEvent[]): number[] => events.map((event) => event.seq);

  it("gives nothing for an empty one", () => {
    expect(parseEventLog("")).toEqual({ events: [], skipped: [], torn: false });
  });

  it("tells which events it has left out", () => {
    const lines = [recorded[0]!, changed(recorded[1]!, { type: "node_teleported" }), recorded[2]!];
    const log = parseEventLog(`${lines.join("\n")}\n`);
    expect({ ...log, events: seqs(log.events) }).toEqual({ events: [1, 3], skipped: [2], torn: false });
  });

  it("takes lines that end as on Windows", () => {
    expect(seqs(parseEventLog(text.replaceAll("\n", "\r\n")).events)).toHaveLength(recorded.length);
  });

  it("survives a cut anywhere: every line before it is read, and the torn one is told", () => {
    const bytes = Buffer.from(text);
    for (let length = 0; length <= bytes.length; length += 61) {
      const cut = bytes.subarray(0, length).toString();
      const whole = cut.split("\n").length - 1;
      const isLastWhole = cut.endsWith("}") && recorded[whole] === cut.slice(cut.lastIndexOf("\n") + 1);
      const log = parseEventLog(cut);
      expect(log.events).toHaveLength(isLastWhole ? whole + 1 : whole);
      expect(log.torn).toBe(!isLastWhole && cut !== "" && !cut.endsWith("\n"));
    }
  });

  it("takes a last line that only lacks its end", () => {
    const log = parseEventLog(text.slice(0, -1));
    expect({ count: log.events.length, torn: log.torn }).toEqual({ count: recorded.length, torn: false });
  });

  it("refuses a broken line elsewhere, with its number and all that stands before it", () => {
    const broken = recorded.with(3, recorded[3]!.slice(0, 40)).join("\n");
    const error = errorOf(() => parseEventLog(`${broken}\n`));
    expect(error.lineNumber).toBe(4);
    expect(error.message).toMatch(/^line 4: not JSON: /);
    expect(seqs(error.eventsBefore)).toEqual([1, 2, 3]);
  });

  it("refuses a broken last line that was written to its end", () => {
    expect(errorOf(() => parseEventLog(`${recorded[0]}\n{"version":1}\n`)).message).toBe(
      "line 2: event.seq is missing",
    );
  });
});
