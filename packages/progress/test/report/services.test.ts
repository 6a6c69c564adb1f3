import { readFileSync } from "node:fs";
import { parseEventLog, recoverRun, type RunEvent } from "@netra-apex/core";
import { beforeAll, describe, expect, it } from "vitest";
import { createRunReport } from "../../src/report/create-run-report.ts";
import { mergeRunReports } from "../../src/report/merge-run-reports.ts";
import { renderReport } from "../../src/report/render-report.ts";
import type { RunReport } from "../../src/report/run-report.ts";
import { allGreen, brokenByOutage, lacking, quickStart, restart, serviceRun } from "../service-run.ts";

const lastUpAt = "2026-01-31T12:00:01.900Z";
const broken = { before: { core: quickStart }, during: { core: restart(1_000, lastUpAt) }, missing: { load: lacking } };
const recorded = (name: string): readonly RunEvent[] =>
  parseEventLog(readFileSync(new URL(`../../../core/test/events/fixtures/${name}`, import.meta.url), "utf8")).events;

let report: RunReport;
beforeAll(async () => {
  report = createRunReport(await serviceRun(broken, brokenByOutage));
});

/** The lines of a section of the Markdown report, without the numbers of events. */
function section(of: RunReport, title: string): string[] {
  const text = renderReport(of, "markdown");
  const from = text.indexOf(`\n## ${title}\n`);
  if (from < 0) return [];
  const to = text.indexOf("\n## ", from + 1);
  const lines = text
    .slice(from, to < 0 ? undefined : to)
    .trim()
    .split("\n");
  return lines.slice(2).map((line) => line.replaceAll(/\[e\d+(?: e\d+)*\]/g, "[e]"));
}

describe("the report of a run, of services", () => {
  it("has each with whose it is, where, what it took to come up, who needs it, and when it was down", () => {
    expect(report.services).toMatchObject([
      {
        name: "postgresql",
        owner: "started",
        address: "localhost:55123",
        state: "healthy",
        startMs: 1_400,
        layerIds: ["core"],
      },
      { name: "redis", owner: "reused", state: "healthy", outages: [] },
      { name: "mail", owner: "foreign", state: "running-unchecked", outages: [] },
    ]);
    expect(report.services[0]?.reason).toBeUndefined();
    const [outage] = report.services[0]?.outages ?? [];
    expect(outage).toMatchObject({ lastUpAt, upAgainAt: "2026-01-31T12:00:04.200Z", durationMs: 2_300 });
    expect(report.shortages).toMatchObject([{ layerId: "load", policy: "fail", isResolved: false, missing: lacking }]);
  });

  it("groups what failed by an outage by its service, whatever each failure says, and what did not start by what is missing", () => {
    expect(
      report.failures.map(({ tests, nodes, ...group }) => ({
        ...group,
        in: [...tests.map(({ nodeId }) => nodeId), ...nodes.map(({ nodeId }) => nodeId)],
      })),
    ).toEqual([
      {
        cause: "postgresql was down",
        example: "postgresql was down from 12:00:01Z to 12:00:04Z (2.3s): ECONNREFUSED 127.0.0.1:55123",
        failureClass: "infrastructure",
        count: 2,
        in: ["api", "database"],
      },
      {
        cause: "not available: service kafka, port 8080, memory",
        example: expect.stringMatching(
          /^service kafka: nothing listens on localhost:9092 \(fix: docker compose up -d kafka\); port/,
        ),
        failureClass: "infrastructure",
        count: 1,
        in: ["burst"],
      },
    ]);
  });

  it("leaves the cause of a failure as it is where the outage does not account for all that failed", async () => {
    const partly = createRunReport(await serviceRun({ ...broken, missing: {}, isWhole: false }, brokenByOutage));
    expect(partly.failures.map(({ cause, failureClass }) => [failureClass, cause])).toEqual([
      ["assertion", "connect ECONNREFUSED <n>"],
      ["assertion", "terminating connection"],
    ]);
    const [node] = partly.nodes;
    expect(node).toMatchObject({
      id: "api",
      outcome: { status: "failed", reason: "1 of 2 tests failed (postgresql was down)" },
    });
    expect(renderReport(partly, "markdown")).toContain("  - while api ran, postgresql was down from 12:00:01Z");
  });

  it("says what to do first: what is missing, with its fix", () => {
    expect(report.actions.map(({ priority, what }) => `${priority} ${what}`)).toEqual([
      "P0 load needs service kafka: nothing listens on localhost:9092 (fix: docker compose up -d kafka)",
      "P0 load needs port 8080: held by node (pid 4711) (fix: kill 4711)",
      "P0 load needs memory: 1.2GiB free of the 4GiB that it needs",
      "P0 api errored: postgresql was down: 1 of 2 tests failed",
      "P0 database errored: postgresql was down: 1 of 1 tests failed",
      "P1 postgresql was down from 12:00:01Z to 12:00:04Z (2.3s): ECONNREFUSED 127.0.0.1:55123",
    ]);
  });

  it("has them as a section in Markdown, with the failures within each outage, and the outage at each failure", () => {
    expect(section(report, "Services")).toEqual([
      "| service | state | whose | address | up after | needed by | events |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      "| postgresql | healthy | started | localhost:55123 | 1.4s | Core Integration | [e] |",
      "| redis | healthy | reused | localhost:6379 | 3ms | Core Integration | [e] |",
      "| mail | runs, unchecked | not ours | localhost:1025 | – | Core Integration | [e] |",
      "",
      "| outage of | from | to | time | reason | failures within | events |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      "| postgresql | 12:00:01Z | 12:00:04Z | 2.3s | ECONNREFUSED 127.0.0.1:55123 | api, database | [e] |",
      "",
      "- resources not available for layer Load, which did not start: service kafka: nothing listens on localhost:9092 (fix: docker compose up -d kafka); port 8080: held by node (pid 4711) (fix: kill 4711); memory: 1.2GiB free of the 4GiB that it needs [e]",
    ]);
    expect(section(report, "Environments")).toEqual([]);
    const failed = section(report, "Failures by cause").filter((line) => line.includes("while"));
    expect(failed).toEqual(
      ["api", "database"].map(
        (node) =>
          `  - while ${node} ran, postgresql was down from 12:00:01Z to 12:00:04Z (2.3s): ECONNREFUSED 127.0.0.1:55123 [e]`,
      ),
    );
  });

  it("shows a layer that did not start as an error in JUnit, and services, outages and the fault of each failure there", () => {
    const xml = renderReport(report, "junit");
    expect(xml).toMatch(
      /<testcase name="Load" classname="apex\.layer" time="0\.000">\s*<error message="resources not available for layer Load: kafka, 8080, memory" type="errored">[^<]*service kafka: nothing listens on localhost:9092 \(fix: docker compose up -d kafka\)\n/,
    );
    expect(xml).toContain(
      '<property name="apex.service" value="postgresql, state: healthy, whose: started, address: localhost:55123, up after: 1.4s, needed by: Core Integration"/>',
    );
    expect(xml).toContain(
      '<property name="apex.outage" value="postgresql, from: 12:00:01Z, to: 12:00:04Z, time: 2.3s,',
    );
    expect(xml).toContain('<property name="apex.outage" value="postgresql was down from 12:00:01Z');
    expect(
      xml.match(/<failure [^>]*>[^<]*\n\nwhile (?:api|database) ran, postgresql was down from [^<]*<\/failure>/g),
    ).toHaveLength(2);
  });

  it("keeps one that was stopped in the end as it was, and says of one that never came up why", async () => {
    const reason = "the server is starting up";
    const never = { type: "service_state_changed", service: "kafka" } as const;
    const events = await serviceRun({
      before: {
        core: [
          ...quickStart,
          [0, { type: "service_state_changed", service: "postgresql", from: "healthy", to: "exited" }],
        ],
        load: [
          [0, { ...never, to: "missing" }],
          [0, { ...never, from: "missing", to: "starting" }],
          [500, { ...never, from: "starting", to: "unhealthy", reason }],
        ],
      },
    });
    const states = createRunReport(events).services.map((service) => [service.name, service.state, service.reason]);
    expect(states).toEqual([
      ["postgresql", "healthy", undefined],
      ["redis", "healthy", undefined],
      ["mail", "running-unchecked", undefined],
      ["kafka", "unhealthy", reason],
    ]);
  });

  it("has an outage without an end as one, and nothing of a layer that got what it waited for but that it waited", async () => {
    const during = { core: restart(1_000, lastUpAt).slice(0, 2) };
    const open = createRunReport(await serviceRun({ before: { core: quickStart }, during }));
    expect(section(open, "Services").at(-1)).toBe(
      "| postgresql | 12:00:01Z | not up again | – | ECONNREFUSED 127.0.0.1:55123 | none | [e] |",
    );
    expect(open.verdict.holds).toBe(true);
    const waited = createRunReport(recorded("v1-with-services.ndjson"));
    expect(section(waited, "Services").slice(-4)).toEqual([
      "- Core Integration waited for service postgresql: refuses connections on localhost:55123 (fix: apex services up postgresql) [e]",
      "- resources not available for layer Load, which did not start: service kafka: nothing listens on localhost:9092 (fix: docker compose up -d kafka); port 8080: held by node (pid 4711) (fix: kill 4711) [e]",
      "- Core Integration waited 6.4s: run 20260131-115900-d4e5f6 has the slot of postgresql [e]",
      "- api (Core Integration) waited 0.1s: 2GiB of memory: run 20260131-115900-d4e5f6 holds 6GiB of 8GiB [e]",
    ]);
  });

  it("has the environment at both ends of the run, and how it changed", () => {
    const waited = createRunReport(recorded("v1-with-services.ndjson"));
    expect(section(waited, "Environments").slice(2)).toEqual([
      "| staging | https<!-- -->://staging.example.com, version 1.4.2, status 200 | https<!-- -->://staging.example.com, version 1.4.3, status 200 | version 1.4.2 became 1.4.3 | [e] |",
    ]);
    const half = recorded("v1-with-services.ndjson").filter(
      (event) => event.type !== "environment_read" || event.moment === "start",
    );
    expect(section(createRunReport(half), "Environments")[2]).toMatch(/\| not read \| not known \| \[e\] \|$/);
  });

  it("is made of a journal from before there were services as ever, without any word of them", () => {
    const old = createRunReport(recorded("v1.ndjson"));
    expect(old).toMatchObject({ services: [], shortages: [], waits: [], environments: [] });
    for (const format of ["markdown", "html", "junit"] as const) {
      expect(renderReport(old, format)).not.toMatch(/Services|Environments|apex\.service/);
    }
  });

  it("has the services of each run where one goes on with another", async () => {
    const first = await serviceRun({ ...broken, missing: {} }, brokenByOutage);
    const cut = first.slice(
      0,
      first.findIndex(({ type }) => type === "service_outage_ended"),
    );
    const second = await serviceRun({ before: { core: quickStart } }, allGreen, {
      runId: "20260131-130000-5e4v1d",
      resumes: { runId: "20260131-120000-5e4v1c", kept: recoverRun(cut).kept },
    });
    const merged = mergeRunReports([createRunReport(second), createRunReport(cut)]);
    expect(merged.services.map(({ name, runId }) => `${runId.slice(-6)} ${name}`)).toEqual(
      ["5e4v1c", "5e4v1d"].flatMap((run) => ["postgresql", "redis", "mail"].map((name) => `${run} ${name}`)),
    );
    expect(merged.services.flatMap(({ outages }) => outages)).toMatchObject([{ service: "postgresql", lastUpAt }]);
    expect(merged.verdict.holds).toBe(true);
    expect(merged.failures).toEqual([]);
    expect(renderReport(merged, "markdown")).toContain(
      "| postgresql | healthy | started | localhost:55123 | 1.4s | Core Integration | [r2:e",
    );
  });
});
