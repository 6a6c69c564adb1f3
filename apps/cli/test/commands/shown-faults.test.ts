import { eventVersion, type ReporterFailure } from "@netra-apex/core";
import { describe, expect, it } from "vitest";
import { followShownFaults, type ShownFaults } from "../../src/commands/shown-faults.ts";

const simple = { name: "simple", hasStdout: true };
const json = { name: "json", hasStdout: true };
const simpleInFile = { name: "simple", hasStdout: false, file: "/run.txt" };

const droppedJunit: ReporterFailure = { reporter: "junit", message: "no disk", isDropped: true };

function tell({ listener }: ShownFaults, reporter: string): void {
  const envelope = { version: eventVersion, seq: 1, at: "2026-01-31T14:25:00.000Z", runId: "r" } as const;
  listener.onEvent({ ...envelope, type: "reporter_failed", reporter, message: "no disk" });
}

describe("followShownFaults", () => {
  it("leaves out who was dropped and shown by the screen, and nothing else", () => {
    const faults = followShownFaults({ reporters: [simple] });
    tell(faults, "junit");
    const late: ReporterFailure = { reporter: "trace", message: "it did not finish within 5s" };
    const slow = [{ reporter: "junit", busyMs: 2_000, runMs: 3_000 }];
    expect(faults.unshown({ failures: [droppedJunit, late], slow })).toEqual({ failures: [late], slow });
  });

  it("leaves out only as many of a name as were shown", () => {
    const faults = followShownFaults({ reporters: [simple] });
    tell(faults, "junit");
    const failures = [droppedJunit, { ...droppedJunit, message: "no rights" }];
    expect(faults.unshown({ failures, slow: [] }).failures).toHaveLength(1);
  });

  it("keeps who broke when the stream was over, which no screen was told", () => {
    const faults = followShownFaults({ reporters: [simple] });
    expect(faults.unshown({ failures: [droppedJunit], slow: [] }).failures).toEqual([droppedJunit]);
  });

  it.each([
    ["programs have stdout", [json]],
    ["the screen's lines go into a file", [json, simpleInFile]],
  ])("keeps all where %s", (_, reporters) => {
    const faults = followShownFaults({ reporters });
    tell(faults, "junit");
    expect(faults.unshown({ failures: [droppedJunit], slow: [] }).failures).toEqual([droppedJunit]);
  });

  it("keeps all where the screen itself is at fault", () => {
    const faults = followShownFaults({ reporters: [simple] });
    tell(faults, "junit");
    tell(faults, "simple");
    const failures = [droppedJunit, { ...droppedJunit, reporter: "simple" }];
    expect(faults.unshown({ failures, slow: [] }).failures).toEqual(failures);
  });
});
