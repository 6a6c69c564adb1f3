import { describeReporter } from "@netra-apex/core/testing";
import { describe, expect, it } from "vitest";
import { reporterTable } from "../../src/reporters/reporter-table.ts";

/** Those that need more than this machine is tested where that is. */
const elsewhere = new Set(["opentelemetry"]);

for (const [name, { load, file }] of Object.entries(reporterTable)) {
  if (elsewhere.has(name)) continue;
  describeReporter(name, { create: async (context) => (await load())(context) }, { describe, it });
  if (file !== "own") continue;
  const options = { create: async (context) => (await load())(context), file: "report" } as const satisfies Parameters<
    typeof describeReporter
  >[1];
  describeReporter(`${name}, to a file`, options, { describe, it });
}

describe("the table of reporters", () => {
  it("has those that are documented", () => {
    expect(Object.keys(reporterTable)).toEqual(
      expect.arrayContaining(["simple", "rich", "json", "log", "junit", "junit-plain", "html", "markdown", "trace"]),
    );
  });
});
