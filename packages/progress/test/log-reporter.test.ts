import { readFileSync } from "node:fs";
import { type LogLevel, parseEventLog, type RunEvent, type RunEventBody } from "@netra-apex/core";
import { beforeAll, describe, expect, it } from "vitest";
import { createLogReporter } from "../src/log-reporter.ts";
import { shopRun } from "./report/shop-run.ts";

let events: RunEvent[];
beforeAll(async () => {
  events = await shopRun();
});

function logOf(level?: LogLevel, of: readonly RunEvent[] = events): string[] {
  const lines: string[] = [];
  const reporter = createLogReporter({ writeLine: (line) => lines.push(line), ...(level && { level }) });
  of.forEach((told) => reporter.onEvent(told));
  return lines;
}

const saying = (lines: readonly string[], text: string) => lines.filter((line) => line.includes(text));

function event(body: RunEventBody): RunEvent {
  return { version: 1, seq: 1, at: "2026-01-31T12:00:00.000Z", runId: "r", ...body };
}

describe("createLogReporter", () => {
  it("writes time, level and what happened, a line for each", () => {
    const lines = logOf();
    expect(lines[0]).toBe(
      "2026-01-31T12:00:00.000Z INFO  run 20260131-120000-5h0p started: 10 nodes in 3 layers, environment test; e2e_background is left out: the config does not mention it",
    );
    expect(lines).toContain("2026-01-31T12:00:00.000Z INFO  layer fast_feedback started");
    expect(lines).toContain("2026-01-31T12:00:25.000Z INFO  layer fast_feedback ended in 25.0s: passed");
    expect(lines).toContain(
      "2026-01-31T12:00:25.000Z INFO  node unit ended in 21.0s: passed (10 tests, log logs/orchestration/unit.log)",
    );
    expect(lines.at(-1)).toBe(
      "2026-01-31T12:01:25.000Z ERROR run ended in 1m 25s, exit code 1: failed: Core Integration: api#2: 3 of 11 tests failed; websocket timed-out; agent errored; 49 tests, 3 failed, 2 skipped, 2 flaky",
    );
    for (const line of lines)
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:DEBUG|INFO |WARN |ERROR) \S/);
  });

  it("tells retries and ends of nodes once each, and no test", () => {
    const lines = logOf();
    expect(saying(lines, "node database")).toEqual([
      "2026-01-31T12:00:37.000Z WARN  node database attempt 1 failed: 1 of 3 tests failed; next attempt in 2.0s, 1 tests",
      "2026-01-31T12:00:43.000Z INFO  node database ended in 18.0s: passed (2 attempts, flaky, 3 tests, log logs/orchestration/database.2.log)",
    ]);
    expect(saying(lines, " test ")).toEqual([]);
  });

  it("leaves out what is less urgent than asked for", () => {
    const counts = (["debug", "info", "warn", "error"] as const).map((level) => logOf(level).length);
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(new Set(counts).size).toBe(4);
    expect(logOf("warn").every((line) => / (?:WARN|ERROR) /.test(line))).toBe(true);
    expect(logOf("error").every((line) => line.includes(" ERROR "))).toBe(true);
  });

  it("tells of services what they are, whose and where, and what layers lacked and waited for", () => {
    const file = new URL("../../core/test/events/fixtures/v1-with-services.ndjson", import.meta.url);
    const lines = logOf("info", parseEventLog(readFileSync(file, "utf8")).events);
    const told = lines.filter((line) => /service|resources|environment|waits|goes on/.test(line)).slice(1);
    expect(told.map((line) => line.slice("2026-01-31T12:00:".length))).toEqual([
      "00.031Z INFO  environment staging at the start of the run: https://staging.example.com, version 1.4.2",
      "00.034Z INFO  layer core waits: run 20260131-115900-d4e5f6 has the slot of postgresql",
      "06.434Z INFO  layer core goes on after it waited 6.4s",
      "06.437Z INFO  service postgresql not there",
      "06.438Z INFO  service redis healthy on localhost:6379 (reused)",
      "06.439Z INFO  service mail runs, unchecked on localhost:1025 (not ours)",
      "06.441Z WARN  resources not available for layer core, it waits: service postgresql: refuses connections on localhost:55123 (fix: apex services up postgresql)",
      "06.461Z INFO  service postgresql not there → starting on localhost:55123 (started): refuses connections",
      "07.861Z INFO  service postgresql healthy after 1.4s on localhost:55123 (started)",
      "07.863Z INFO  node api waits: 2GiB of memory: run 20260131-115900-d4e5f6 holds 6GiB of 8GiB",
      "07.983Z INFO  node api goes on after it waited 0.1s",
      "09.083Z WARN  service postgresql healthy → unhealthy: ECONNREFUSED",
      "09.084Z ERROR service postgresql down since 12:00:08Z: ECONNREFUSED",
      "11.083Z INFO  service postgresql healthy",
      "11.083Z INFO  service postgresql up again after 2.3s: ECONNREFUSED",
      "11.188Z INFO  service kafka not there",
      "11.190Z ERROR resources not available for layer load, it fails: service kafka: nothing listens on localhost:9092 (fix: docker compose up -d kafka); port 8080: held by node (pid 4711) (fix: kill 4711)",
      expect.stringContaining("node burst ended"),
      expect.stringContaining("layer load ended"),
      "11.231Z INFO  environment staging at the end of the run: https://staging.example.com, version 1.4.3",
      "11.431Z INFO  service postgresql healthy → exited",
    ]);
  });

  it("tells at the level debug of every event but the output of processes", () => {
    const bodies: RunEventBody[] = [
      { type: "agent_thinking", nodeId: "n", attempt: 1, agent: "a", note: "why not" },
      { type: "tool_executing", nodeId: "n", attempt: 1, agent: "a", tool: "curl", callId: 3, input: {} },
      {
        type: "tool_completed",
        nodeId: "n",
        attempt: 1,
        agent: "a",
        tool: "curl",
        callId: 3,
        durationMs: 5,
        error: "no",
      },
      { type: "message_sent", messageId: 1, from: "a", pattern: "broadcast", topic: "t", to: ["b"], priority: 1 },
      { type: "message_delivered", messageId: 1, agent: "b", status: "delivered", durationMs: 1 },
      { type: "state_written", nodeId: "n", attempt: 1, agent: "a", key: "k", value: "secret" },
      { type: "output", nodeId: "n", attempt: 1, text: "printed" },
    ];
    const lines = logOf("debug", bodies.map(event)).map((line) => line.slice(25));
    expect(lines).toEqual([
      "DEBUG node n thinks: why not",
      "DEBUG node n tool curl call 3 started",
      "DEBUG node n tool curl call 3 ended in 5ms: no",
      "DEBUG message 1 t from a to b (broadcast)",
      "DEBUG message 1 delivered at b in 1ms",
      "DEBUG node n wrote state k",
    ]);
    expect(logOf("debug")).toHaveLength(events.filter(({ type }) => type !== "output").length);
  });

  it("keeps text of others in the line that it belongs to", () => {
    const message = "fine\n2026-01-31T12:00:00.000Z INFO  run passed\r\u001b[2J\u202e";
    const lines = logOf("info", [event({ type: "agent_logged", agent: "a", level: "warn", message })]);
    expect(lines).toEqual(["2026-01-31T12:00:00.000Z WARN  agent a: fine 2026-01-31T12:00:00.000Z INFO run passed"]);
  });
});
