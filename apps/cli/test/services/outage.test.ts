import { rmSync } from "node:fs";
import path from "node:path";
import type { RunEvent, RunEventOf } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { eventsOf, nodeTestFile } from "../rig/project.ts";
import { hasPostgres, postgresService, postgresTestHead } from "../rig/postgres-service.ts";
import { ServiceProject } from "../rig/service-project.ts";

const config = `extends: none
layers: { only: { categories: [database], required_services: [db] } }
categories: { database: { command: node --test database.test.mjs } }
services: ${postgresService}`;

const tests = {
  "reads before": 'assert.equal(await ask("select 1"), "1");',
  "is in flight": 'setTimeout(endDatabase, 300); await ask("select pg_sleep(60)");',
  "comes within": 'await sleep(100); await ask("select 1");',
  "reads after": `while (existsSync("down")) await sleep(20);
for (;;) { try { assert.equal(await ask("select 2"), "2"); break; } catch { await sleep(50); } }`,
  "reads on": 'await sleep(3_000); assert.equal(await ask("select 3"), "3");',
};

/** What apex says before the database is let up again: that it is down, and what came of the test within. */
const seen = [/service_outage_started/, /"test_completed","test":\{"id":"[^"]* comes within"/];

/** Runs the tests, in which the database is down for a while. */
async function run(apex: ServiceProject): Promise<{ exitCode: number | undefined; events: RunEvent[] }> {
  const running = apex.start(["run", "--json"]);
  let said = "";
  running.stdout?.on("data", (chunk: Buffer | string) => {
    said += String(chunk);
    if (seen.every((text) => text.test(said))) rmSync(path.join(apex.root, "down"), { force: true });
  });
  const { exitCode, stdout } = await running;
  return { exitCode, events: eventsOf(stdout) };
}

const only = <Type extends RunEvent["type"]>(events: readonly RunEvent[], type: Type): RunEventOf<Type> => {
  const [found, ...more] = events.filter((event) => event.type === type);
  expect(more).toEqual([]);
  return found as RunEventOf<Type>;
};

describe.runIf(hasPostgres)("a PostgreSQL that is restarted while tests use it", { timeout: 90_000 }, () => {
  it("is told of with the time in which it was down, wherever the run is told of, and is why the run fails", async () => {
    const apex = new ServiceProject({
      "apex.yaml": config,
      "database.test.mjs": nodeTestFile(tests, postgresTestHead),
    });
    const { exitCode, events } = await run(apex);
    expect(exitCode).toBe(3);
    const { lastUpAt } = only(events, "service_outage_started");
    const { durationMs } = only(events, "service_outage_ended");
    const upAgainAt = new Date(Date.parse(lastUpAt) + durationMs).toISOString();
    const { outcome, evidence } = only(events, "node_completed");
    expect(outcome).toMatchObject({ status: "errored", failureClass: "infrastructure" });
    expect(evidence?.outages).toEqual([{ service: "db", lastUpAt, upAgainAt, reason: expect.stringMatching(/\d/) }]);
    const failed = events.flatMap((event) =>
      event.type === "test_completed" && event.test.status === "failed" ? [event] : [],
    );
    expect(failed.map(({ test }) => test.name)).toEqual(["is in flight", "comes within"]);
    expect(failed.filter(({ at }) => at < lastUpAt || at > upAgainAt)).toEqual([]);
    const window = `db was down from ${lastUpAt.slice(11, 19)}Z to ${upAgainAt.slice(11, 19)}Z (`;
    for (const format of ["markdown", "html", "junit", "json"]) {
      const { exitCode: told, stdout } = await apex.apex("report", "latest", "--format", format);
      expect(told).toBe(0);
      expect({ format, stdout }).toEqual({ format, stdout: expect.stringContaining(window) });
    }
    const replayed = await apex.apex("replay", "latest");
    expect(replayed.stdout).toContain(window);
    expect(replayed.stdout).toContain("exit code 3");
    expect(replayed.stderr).toMatch(new RegExp(`^service {2}db {2}down since ${lastUpAt.slice(11, 19)}Z: `, "m"));
    expect(replayed.stderr).toMatch(/^service {2}db {2}up again after \d/m);
    await apex.expectNothingLeft();
  });

  it("does not excuse a test that failed for a reason of its own before", async () => {
    const own = { "is wrong": "assert.equal(1, 2);", "takes its time": "await sleep(2_500);", ...tests };
    const apex = new ServiceProject({ "apex.yaml": config, "database.test.mjs": nodeTestFile(own, postgresTestHead) });
    const { exitCode, events } = await run(apex);
    expect(exitCode).toBe(1);
    const { outcome, evidence } = only(events, "node_completed");
    expect(outcome).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(
        /^3 of 7 tests failed \(db was down .*accounts for 2 of the 3 tests that failed\)$/,
      ),
    });
    expect(evidence?.outages).toMatchObject([{ service: "db" }]);
    await apex.expectNothingLeft();
  });

  it("is noticed however quickly it is back", async () => {
    const quick = { ...tests, "is in flight": tests["is in flight"].replace("endDatabase", "restartDatabase") };
    const apex = new ServiceProject({
      "apex.yaml": config,
      "database.test.mjs": nodeTestFile({ "takes its time": "await sleep(1_500);", ...quick }, postgresTestHead),
    });
    const { exitCode, events } = await run(apex);
    expect(exitCode).toBe(3);
    expect(only(events, "node_completed").evidence?.outages).toMatchObject([{ service: "db" }]);
    await apex.expectNothingLeft();
  });
});
