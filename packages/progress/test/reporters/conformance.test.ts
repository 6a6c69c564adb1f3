import type { ReporterFactory } from "@netra-apex/core";
import { describeReporter } from "@netra-apex/core/testing";
import { describe, expect, it } from "vitest";
import { reporterTable } from "../../src/reporters/reporter-table.ts";

/** Those that need more than this machine is tested where that is. */
const elsewhere = new Set(["opentelemetry"]);

for (const [name, { load, file, writes }] of Object.entries(reporterTable)) {
  if (elsewhere.has(name)) continue;
  const create: ReporterFactory = async (context) => (await load())(context);
  // One that works in a place alone is there.
  const env = { GITHUB_ACTIONS: "true" };
  describeReporter(name, { create, ...(name === "github" && { context: { env } }) }, { describe, it });
  if (writes === "lines") {
    const context = { verbose: true, env: { FORCE_COLOR: "3" } };
    describeReporter(`${name}, verbose on a terminal`, { create, context, columns: 60 }, { describe, it });
  }
  if (file === "own") describeReporter(`${name}, to a file`, { create, file: "report" }, { describe, it });
}

describe("the table of reporters", () => {
  it("has those that are documented", () => {
    expect(Object.keys(reporterTable)).toEqual(
      expect.arrayContaining([
        "simple",
        "rich",
        "json",
        "log",
        "junit",
        "junit-plain",
        "html",
        "markdown",
        "trace",
        "github",
        "opentelemetry",
      ]),
    );
  });
});
