import { readFileSync } from "node:fs";
import { parseEventLog } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { displayWidth } from "../../src/render/display-width.ts";
import { liveRegion } from "../../src/render/live-region.ts";
import { choosePalette } from "../../src/render/palette.ts";
import { applyEvent, emptyRunView } from "../../src/run-view.ts";
import { CollectedStream } from "../collected-stream.ts";
import { EventScript, scriptPlan } from "../event-script.ts";
import { text } from "../play.ts";
import { started } from "../service-run.ts";

const palette = choosePalette(new CollectedStream(), {});
const state = "service_state_changed";

function draw(run: EventScript, columns: number, afterMs = 0): string {
  const view = run.events.reduce(applyEvent, emptyRunView);
  const lines = liveRegion(view, { nowMs: view.atMs + afterMs, tick: 0, columns, rows: 24, palette });
  for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
  // The whole run comes last, in a line of its own.
  return lines
    .slice(0, -1)
    .map((line) => `${line}\n`)
    .join("");
}

function coming(): EventScript {
  return new EventScript(scriptPlan([{ id: "core", name: "Core Integration", categories: ["api"] }]))
    .event({ type: state, service: "redis", to: "healthy", owner: "reused" })
    .event({ type: state, service: "mail", to: "running-unchecked", owner: "foreign" })
    .event({ type: state, service: "migrations", to: "completed", owner: "started" })
    .event(started("starting", { reason: "the server is starting up (57P03)" }));
}

function down(): EventScript {
  const reason = "ECONNREFUSED 127.0.0.1:55123";
  return coming()
    .wait(1_400)
    .event(started("healthy", { from: "starting", durationMs: 1_400 }))
    .layerStarted("core")
    .nodeStarted("api")
    .wait(2_000)
    .event(started("unhealthy", { from: "healthy", reason }))
    .event({ type: "service_outage_started", service: "postgresql", lastUpAt: "2026-01-31T14:25:03.000Z", reason });
}

describe("the services in the live region", () => {
  it("are shown while they come up, those that are awaited first, with why they are not there", () => {
    expect(draw(coming(), 200, 3_000)).toBe(text`
      services  ⠋ postgresql starting 3s: the server is starting up (57P03) · ✓ redis healthy · ! mail runs, unchecked · ✓ migrations done
      then Core Integration
    `);
    expect(draw(coming(), 100, 3_000)).toBe(text`
      services  ⠋ postgresql starting 3s: the server is starting up (57P03) · ✓ 2 up · ! 1 unchecked
      then Core Integration
    `);
    expect(draw(coming(), 60, 3_000)).toBe(text`
      services  ⠋ postgresql starting 3s: the server is starting …
      then Core Integration
    `);
  });

  it("stand above a running layer, and one that is down comes first, in a word", () => {
    expect(draw(down(), 200, 600)).toBe(text`
      services  ✗ postgresql down 1s: ECONNREFUSED 127.0.0.1:55123 · ✓ redis healthy · ! mail runs, unchecked · ✓ migrations done
      Core Integration  3s  0 of 1 done
        ⠋ api     3s
    `);
    expect(draw(down(), 100, 600).split("\n")[0]).toBe(
      "services  ✗ postgresql down 1s: ECONNREFUSED 127.0.0.1:55123 · ✓ 2 up · ! 1 unchecked",
    );
    expect(draw(down(), 60, 600).split("\n")[0]).toBe("services  ✗ postgresql down 1s: ECONNREFUSED 127.0.0.1:55123");
  });

  it("are well again after an outage, and gone with the layer and the run", () => {
    const run = down()
      .wait(1_000)
      .event(started("healthy", { from: "unhealthy" }))
      .event({
        type: "service_outage_ended",
        service: "postgresql",
        lastUpAt: "2026-01-31T14:25:03.000Z",
        durationMs: 1_400,
        reason: "",
      });
    expect(draw(run, 100).split("\n")[0]).toBe(
      "services  ✓ redis healthy · ! mail runs, unchecked · ✓ migrations done · ✓ postgresql healthy",
    );
    run
      .nodeCompleted("api")
      .layerCompleted("core")
      .event(started("exited", { from: "healthy" }));
    expect(draw(run, 100)).toBe("");
    expect(draw(run.runCompleted(), 100)).toBe("");
  });

  it("have who waits for what others have below them", () => {
    const reason = "run 20260131-115900-d4e5f6 has the slot of postgresql";
    const run = coming().event({ type: "resources_awaited", layerId: "core", nodeId: "api", reason });
    expect(draw(run, 100, 7_000)).toBe(text`
      services  ⠋ postgresql starting 7s: the server is starting up (57P03) · ✓ 2 up · ! 1 unchecked
      waits  api (Core Integration)  7s  run 20260131-115900-d4e5f6 has the slot of postgresql
      then Core Integration
    `);
  });

  it("fit every width at every moment of a recorded run", () => {
    const file = new URL("../../../core/test/events/fixtures/v1-with-services.ndjson", import.meta.url);
    const { events } = parseEventLog(readFileSync(file, "utf8"));
    let view = emptyRunView;
    let shown = 0;
    for (const event of events) {
      view = applyEvent(view, event);
      for (const columns of [20, 40, 60, 100, 200]) {
        const lines = liveRegion(view, { nowMs: view.atMs + 900, tick: 3, columns, rows: 12, palette });
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
        shown += lines.filter((line) => line.startsWith("services")).length;
      }
    }
    expect(shown).toBeGreaterThan(50);
  });
});
