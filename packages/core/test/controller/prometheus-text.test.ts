import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseEventLog } from "../../src/events/event-codec.ts";
import { runPlan } from "../../src/controller/master-controller.ts";
import { RunMetricsFold } from "../../src/controller/metrics.ts";
import { MetricLabelError, prometheusText } from "../../src/controller/prometheus-text.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { mockTool } from "../../src/testing/mock-tool.ts";

interface Family {
  readonly type: string;
  readonly samples: { readonly name: string; readonly labels: Record<string, string>; readonly value: number }[];
}

const name = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const sampleLine = new RegExp(`^(${name})(?:\\{(.*)\\})? (\\S+)$`);

/** Reads the format strictly: one HELP and one TYPE before a family's samples, which stand together, each once. */
function parse(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current = "";
  let help = "";
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  for (const line of text.slice(0, -1).split("\n")) {
    const head = new RegExp(`^# (HELP|TYPE) (${name}) (.+)$`).exec(line);
    if (head?.[1] === "HELP") {
      help = head[2]!;
      continue;
    }
    if (head) {
      if (head[2] !== help || families.has(help)) throw new Error(`a misplaced line: ${line}`);
      if (!/^(?:counter|gauge|summary)$/.test(head[3]!)) throw new Error(`an unknown type: ${line}`);
      current = help;
      families.set(current, { type: head[3]!, samples: [] });
      continue;
    }
    const sample = sampleLine.exec(line);
    if (!sample) throw new Error(`no sample: ${line}`);
    const [, own = "", labels = "", value = ""] = sample;
    const family = families.get(current)!;
    const isOwn =
      own === current || (family.type === "summary" && [`${current}_sum`, `${current}_count`].includes(own));
    if (!isOwn || !/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(value)) throw new Error(`a wrong sample: ${line}`);
    if (seen.has(`${own}{${labels}}`)) throw new Error(`twice: ${line}`);
    seen.add(`${own}{${labels}}`);
    family.samples.push({ name: own, labels: parseLabels(labels), value: Number(value) });
  }
  return families;
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== "") {
    const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=.)|$)/.exec(rest);
    if (!pair) throw new Error(`wrong labels: ${rest}`);
    labels[pair[1]!] = pair[2]!.replace(/\\(.)/g, (_, mark: string) => (mark === "n" ? "\n" : mark));
    rest = rest.slice(pair[0].length);
  }
  return labels;
}

async function metricsOfARun() {
  const fold = new RunMetricsFold();
  const curl = mockTool({ name: "curl", answer: () => "ok" });
  const agent = scriptedAgent("worker", async (_input, { node, emit, callTool }) => {
    await callTool("curl", {});
    emit({ type: "test_completed", test: { id: "t", name: "t", suites: [], durationMs: 3, status: "passed" } });
    return node.id === "bad" ? { outcome: { status: "failed", reason: "no" } } : {};
  });
  const nodes = ["good", "bad", 'a "b"\\c\nd'].map((id) => ({ id, agent: "worker" }));
  await runPlan(definePlan({ nodes }), { agents: [{ ...agent, tools: [curl] }], reporters: [fold] });
  return fold.snapshot();
}

describe("prometheusText", () => {
  it("says all of a run in the format, in base units", async () => {
    const metrics = await metricsOfARun();
    const families = parse(prometheusText(metrics, { run_id: "r1" }));
    for (const [family, { type, samples }] of families) {
      expect(family).toMatch(/^apex_[a-z_]+$/);
      expect(family.endsWith("_total")).toBe(type === "counter");
      expect(family).not.toMatch(/_(?:ms|percent|mb)$/);
      expect(samples.every(({ labels }) => labels["run_id"] === "r1")).toBe(true);
    }
    const ended = families.get("apex_nodes_ended_total")!.samples;
    expect(ended.find(({ labels }) => labels["outcome"] === "passed")?.value).toBe(2);
    expect(ended.find(({ labels }) => labels["outcome"] === "failed")?.value).toBe(1);
    expect(families.get("apex_run_duration_seconds")!.samples[0]!.value).toBe(metrics.durationMs / 1_000);
    const tool = families.get("apex_tool_call_duration_seconds")!;
    expect(tool.type).toBe("summary");
    expect(tool.samples.find((sample) => sample.name.endsWith("_count"))?.value).toBe(3);
    const events = families.get("apex_events_total")!.samples.reduce((sum, { value }) => sum + value, 0);
    expect(events).toBe(metrics.events.total);
  });

  it("says what services took to come up, in seconds, and which are down", () => {
    const fold = new RunMetricsFold();
    const log = path.join(import.meta.dirname, "../events/fixtures/v1-with-services.ndjson");
    const { events } = parseEventLog(readFileSync(log, "utf8"));
    for (const event of events.slice(
      0,
      events.findIndex(({ type }) => type === "service_outage_ended"),
    )) {
      fold.onEvent(event);
    }
    const families = parse(prometheusText(fold.snapshot()));
    const samples = (family: string) =>
      families.get(family)?.samples.map(({ labels, value }) => [labels["service"], value]);
    expect(samples("apex_service_start_seconds")).toEqual([
      ["redis", 0.004],
      ["postgresql", 1.4],
    ]);
    expect(samples("apex_service_down")).toEqual([["postgresql", 1]]);
    expect(samples("apex_service_outages_total")).toEqual([[undefined, 1]]);
  });

  it("keeps names with quotes, backslashes and line ends whole", async () => {
    const families = parse(prometheusText(await metricsOfARun(), { path: 'C:\\x "y"\nz' }));
    const nodes = families.get("apex_attempt_failures_total")!.samples.map(({ labels }) => labels["node"]);
    expect(nodes).toContain('a "b"\\c\nd');
    expect(families.get("apex_retries_total")!.samples[0]!.labels).toEqual({ path: 'C:\\x "y"\nz' });
  });

  it("leaves out what was not measured", () => {
    const families = parse(prometheusText(new RunMetricsFold().snapshot()));
    expect(families.has("apex_nodes_success_ratio")).toBe(false);
    expect(families.has("apex_disk_free_bytes")).toBe(false);
    expect(families.has("apex_attempt_duration_seconds")).toBe(false);
    expect(families.get("apex_nodes_planned")!.samples).toEqual([{ name: "apex_nodes_planned", labels: {}, value: 0 }]);
  });

  it.each(["1st", "a-b", "", "__name", "node", "quantile", "service"])("refuses the label %j", (label) => {
    expect(() => prometheusText(new RunMetricsFold().snapshot(), { [label]: "x" })).toThrow(MetricLabelError);
  });
});
