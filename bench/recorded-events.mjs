import { eventVersion } from "@netra-apex/core";

/** Categories of one layer, eight at a time, each with its tests and a few lines of output. */
export function eventsOf(categories, testsOfEach) {
  const ids = Array.from({ length: categories }, (_, index) => `category-${index}`);
  const layer = {
    id: "layer",
    name: "Layer",
    executionMode: "parallel",
    maxParallel: 8,
    gates: [],
    assumed: [],
    nodes: ids,
  };
  const nodes = ids.map((id) => ({
    id,
    layerId: layer.id,
    agent: "layer-execution",
    input: { category: id },
    needs: [],
  }));
  const plan = {
    version: 1,
    environment: "test",
    projectRoot: "/",
    layers: [layer],
    leftOut: [],
    nodes,
    maxParallel: 8,
    notes: [],
  };
  const events = [];
  const counts = { total: testsOfEach, passed: testsOfEach, failed: 0, skipped: 0, flaky: 0 };
  const passed = { status: "passed" };
  const push = (body) => {
    const at = new Date(1_768_000_000_000 + events.length).toISOString();
    events.push({ version: eventVersion, seq: events.length + 1, at, runId: "run", ...body });
  };
  push({ type: "run_started", plan });
  push({ type: "layer_started", layerId: layer.id });
  for (let first = 0; first < ids.length; first += 8) {
    const group = ids.slice(first, first + 8);
    for (const nodeId of group) push({ type: "node_started", nodeId, layerId: layer.id });
    for (const nodeId of group) {
      push({ type: "output", nodeId, attempt: 1, text: `RUN ${nodeId}\n` });
      for (let index = 0; index < testsOfEach; index += 1) {
        const name = `does what is asked of it in case ${index}`;
        const test = { id: name, name, suites: ["Suite"], file: "a.test.ts", durationMs: index % 97, status: "passed" };
        push({ type: "test_completed", nodeId, attempt: 1, test });
      }
      push({ type: "output", nodeId, attempt: 1, text: `done ${nodeId}\n` });
    }
    for (const nodeId of group) {
      push({
        type: "node_completed",
        nodeId,
        layerId: layer.id,
        outcome: passed,
        durationMs: 8,
        attempts: 1,
        counts,
        flaky: false,
      });
    }
  }
  const all = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count * categories]));
  push({ type: "layer_completed", layerId: layer.id, outcome: passed, durationMs: 1, counts: all });
  const nodeCounts = { total: categories, passed: categories, notPassed: 0, skipped: 0, kept: 0 };
  const coordination = {
    efficiency: 1,
    busyMs: 1,
    agents: 1,
    wallMs: 1,
    formula: "1 ms busy / (1 agent × 1 ms) = 100 %",
  };
  const summary = {
    outcome: passed,
    exitCode: 0,
    durationMs: 1,
    counts: all,
    nodes: nodeCounts,
    retries: 0,
    coordination,
  };
  push({ type: "run_completed", summary });
  return events;
}
