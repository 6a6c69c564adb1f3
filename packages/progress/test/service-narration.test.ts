import { readFileSync } from "node:fs";
import { type Plan, parseEventLog, type RunEvent } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { EventScript, scriptPlan } from "./event-script.ts";
import { playSimple, simpleRig, text } from "./play.ts";
import { brokenByOutage, lacking, quickStart, restart, serviceRun, started } from "./service-run.ts";

async function told(
  events: readonly RunEvent[],
  verbose = false,
): Promise<{ readonly out: string; readonly err: string }> {
  const { reporter, stdout, stderr } = simpleRig({ verbose });
  for (const event of events) reporter.onEvent(event);
  await reporter.close?.();
  return { out: stdout.text, err: stderr.text };
}

/** A layer that needs `postgresql` and `redis`, with a script that has yet to begin it. */
function needy(whenUnavailable: "fail" | "skip" | "wait" = "wait"): EventScript {
  const plan = scriptPlan([{ id: "core", name: "Core Integration", categories: ["api"] }]);
  const needs = { services: ["postgresql", "redis"], whenUnavailable, waitTimeoutMs: 60_000 } as const;
  return new EventScript({ ...plan, layers: plan.layers.map((layer) => ({ ...layer, needs })) } satisfies Plan);
}

describe("the simple reporter, of services", () => {
  it("needs one line for those that a layer's tests stand on when they come up quickly, and none on stdout", async () => {
    const { out, err } = await told(await serviceRun({ before: { core: quickStart } }));
    expect(err).toBe("services  redis reused · mail runs, unchecked · postgresql up in 1.4s\n");
    expect(out).toBe(text`
      ✓ Load              1 category   · 1 test · 1.0s   (burst 1 in 1.0s)
      ✓ Core Integration  2 categories · 3 tests · 4.0s   (api 2 in 4.0s, database 1 in 4.0s)

      passed · 3 categories · 4 tests · 5.5s
    `);
  });

  it("tells each of them with --verbose: how it came up, where, and whose it is", async () => {
    const { err } = await told(await serviceRun({ before: { core: quickStart } }), true);
    expect(err.split("\n").filter((line) => line.includes("service"))).toEqual([
      "· service postgresql not there",
      "service  redis  healthy on localhost:6379 (reused)",
      "service  mail  runs, unchecked on localhost:1025 (not ours)",
      "· service postgresql not there → starting on localhost:55123 (started): refuses connections",
      "service  postgresql  healthy after 1.4s on localhost:55123 (started)",
    ]);
  });

  it("says once after 5 s what is waited for and why, again each minute, and when it is there", () => {
    const script = needy().event({ type: "service_state_changed", service: "redis", to: "healthy", owner: "foreign" });
    script.event({ ...started("starting", { reason: "refuses connections" }) });
    const { reporter, stderr, clock } = simpleRig();
    script.playTo(reporter);
    clock.advance(4_000);
    expect(stderr.text).toBe("");
    clock.advance(1_000);
    expect(stderr.text).toBe("waiting for postgresql: refuses connections (5s)\n");
    clock.advance(59_000);
    expect(stderr.text.split("\n")).toHaveLength(2);
    clock.advance(1_000);
    expect(stderr.text.split("\n")[1]).toBe("waiting for postgresql: refuses connections (1m 05s)");
    const soFar = script.events.length;
    script
      .wait(66_000)
      .event(started("healthy", { from: "starting", durationMs: 66_000 }))
      .layerStarted("core");
    for (const event of script.events.slice(soFar)) reporter.onEvent(event);
    clock.advance(120_000);
    expect(stderr.text.split("\n").slice(2)).toEqual([
      "service  postgresql  healthy after 1m 06s on localhost:55123 (started)",
      "services  redis there, not ours",
      "",
    ]);
  });

  it("does not wait for what is stopped at the end, nor for what a layer was refused for", () => {
    const script = needy("fail");
    script.event({ type: "service_state_changed", service: "redis", to: "missing", reason: "nothing there" });
    script.event({
      type: "resources_missing",
      layerId: "core",
      policy: "fail",
      missing: [{ kind: "service", name: "redis", reason: "nothing there" }],
    });
    script.event(started("starting")).event(started("healthy", { from: "starting", durationMs: 20 }));
    script.event(started("exited", { from: "healthy" }));
    const { reporter, stderr, clock } = simpleRig();
    script.playTo(reporter);
    clock.advance(200_000);
    expect(stderr.text).toBe("");
  });

  it("tells an outage with its time and reason, and its window at the failures within", async () => {
    const during = { core: restart(1_000, "2026-01-31T12:00:01.900Z") };
    const { out, err } = await told(await serviceRun({ before: { core: quickStart }, during }, brokenByOutage));
    expect(err).toBe(text`
      services  redis reused · mail runs, unchecked · postgresql up in 1.4s
      service  postgresql  down since 12:00:01Z: ECONNREFUSED 127.0.0.1:55123
      service  postgresql  up again after 2.3s
    `);
    expect(out).toContain(
      text`
        ✗ api  errored: postgresql was down: 1 of 2 tests failed

          ✗ Orders > places one  test/orders.test.ts:21
            connect ECONNREFUSED 127.0.0.1:55123

          down   postgresql was down from 12:00:01Z to 12:00:04Z (2.3s): ECONNREFUSED 127.0.0.1:55123
          rerun  apex run api
    `.replaceAll(/^(?=.)/gm, "  "),
    );
  });

  it("lists what a layer lacks with what to do about each, and names the layer in the totals", async () => {
    const { out } = await told(await serviceRun({ missing: { load: lacking } }));
    expect(out).toBe(text`
      ✗ Load              errored: did not start
        resources not available for layer Load:
          ✗ service kafka  nothing listens on localhost:9092 · fix: docker compose up -d kafka
          ✗ port 8080      held by node (pid 4711) · fix: kill 4711
          ✗ memory         1.2GiB free of the 4GiB that it needs
      ✓ Core Integration  2 categories · 3 tests · 4.0s   (api 2 in 4.0s, database 1 in 4.0s)

      ERRORED · 3 categories, 1 skipped · 3 tests · 4.0s
        ✗ Load  errored: resources not available for layer Load: kafka, 8080, memory
        exit code 3: services or infrastructure unavailable
    `);
  });

  it("says of a layer that is left out for want of them the same, and of one that waits what it waits for, once", async () => {
    const skipped = { status: "skipped", cause: "service", reason: "redis is not there" } as const;
    const missing = [{ kind: "service", name: "redis", reason: "nothing listens", fix: "redis-server" }] as const;
    const left = needy("skip").event({ type: "resources_missing", layerId: "core", policy: "skip", missing });
    left.nodeCompleted("api", skipped).layerCompleted("core", skipped).runCompleted(skipped, 6);
    expect((await playSimple(left)).out).toContain(text`
      ○ Core Integration  skipped: redis is not there
        resources not available for layer Core Integration:
          ○ service redis  nothing listens · fix: redis-server
    `);
    const waits = needy();
    for (const reason of ["1.1GiB free", "1.2GiB free"]) {
      waits.event({
        type: "resources_missing",
        layerId: "core",
        policy: "wait",
        missing: [{ kind: "memory", name: "memory", reason }],
      });
    }
    waits.layerStarted("core").nodeStarted("api").nodeCompleted("api").layerCompleted("core").runCompleted();
    const { out, err } = await playSimple(waits);
    expect(err).toBe("waiting: Core Integration for memory: 1.1GiB free\n");
    expect(out).not.toContain("not available");
  });

  it("says for whom a layer or a node waits, and after how long it goes on, where that was long", () => {
    const reason = "run 20260131-115900-d4e5f6 has the slot of postgresql";
    const script = needy().event({ type: "resources_awaited", layerId: "core", reason });
    const { reporter, stderr, clock } = simpleRig();
    script.playTo(reporter);
    clock.advance(5_000);
    const soFar = script.events.length;
    script.wait(9_300).event({ type: "resources_granted", layerId: "core", waitedMs: 9_300 }).layerStarted("core");
    script.event({ type: "resources_awaited", layerId: "core", nodeId: "api", reason: "2GiB of memory" });
    script.wait(200).event({ type: "resources_granted", layerId: "core", nodeId: "api", waitedMs: 200 });
    for (const event of script.events.slice(soFar)) reporter.onEvent(event);
    clock.advance(60_000);
    expect(stderr.text).toBe(text`
      waiting: Core Integration for 5s: run 20260131-115900-d4e5f6 has the slot of postgresql
      note  Core Integration goes on after it waited 9.3s
    `);
  });

  it("names the environment at the start, and at the end only when it has changed", async () => {
    const reading = { type: "environment_read", environment: "staging", status: 200 } as const;
    const start = {
      ...reading,
      moment: "start",
      baseUrl: "https://x.example",
      deployedVersion: "1.4.2",
      digest: "a",
    } as const;
    const same = needy()
      .event(start)
      .event({ ...start, moment: "end", digest: "b" });
    expect((await playSimple(same)).err).toBe("note  environment staging: https://x.example, version 1.4.2\n");
    const changed = needy()
      .event(start)
      .event({ ...start, moment: "end", deployedVersion: "1.4.3" });
    expect((await playSimple(changed)).err).toContain(
      "warning  environment staging has changed during the run: version 1.4.2 became 1.4.3\n",
    );
    const unversioned = { ...reading, moment: "start", digest: "a" } as const;
    const other = needy()
      .event(unversioned)
      .event({ ...unversioned, moment: "end", digest: "b" });
    expect((await playSimple(other)).err).toBe(text`
      note  environment staging: status 200
      warning  environment staging has changed during the run: its health answers differently
    `);
  });

  it("lets nothing of what services say move the cursor or begin a line", async () => {
    const evil = "x\u001b[2J\nFAKE\r\u202e";
    const script = needy("fail").event({ type: "service_state_changed", service: evil, to: "missing", reason: evil });
    script.event({
      type: "service_state_changed",
      service: evil,
      from: "missing",
      to: "healthy",
      address: evil,
      durationMs: 6_000,
    });
    script.event({ type: "service_outage_started", service: evil, lastUpAt: "2026-01-31T12:00:00Z", reason: evil });
    script.event({
      type: "resources_missing",
      layerId: "core",
      policy: "wait",
      missing: [{ kind: "port", name: evil, reason: evil, fix: evil }],
    });
    script.event({
      type: "environment_read",
      environment: evil,
      moment: "start",
      status: 200,
      deployedVersion: evil,
      digest: evil,
    });
    for (const verbose of [true, false]) {
      const { out, err } = await playSimple(script, { verbose });
      expect(out + err).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}|^FAKE/mu);
    }
  });

  it("tells a recorded run as it told it then, without the waits that were only seen live", async () => {
    const file = new URL("../../core/test/events/fixtures/v1-with-services.ndjson", import.meta.url);
    const { err } = await told(parseEventLog(readFileSync(file, "utf8")).events);
    expect(err).toBe(text`
      note  environment staging: https://staging.example.com, version 1.4.2
      note  Core Integration goes on after it waited 6.4s
      waiting: Core Integration for service postgresql: refuses connections on localhost:55123 (fix: apex services up postgresql)
      services  redis reused · mail runs, unchecked · postgresql up in 1.4s
      service  postgresql  down since 12:00:08Z: ECONNREFUSED
      service  postgresql  up again after 2.3s
      warning  environment staging has changed during the run: version 1.4.2 became 1.4.3
    `);
  });
});
