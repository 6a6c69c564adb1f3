import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import path from "node:path";
import type { RunEvent } from "@netra-apex/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventsOf, program, Project } from "./rig/project.ts";

/** More than half of what there is, also in a container, where it counts as all there is. */
const mostMib = Math.ceil((totalmem() * 0.6) / 2 ** 20);

function stateHome(): Record<string, string> {
  const directory = mkdtempSync(path.join(tmpdir(), "apex-state-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return { XDG_STATE_HOME: directory, XDG_RUNTIME_DIR: directory };
}

const test = `import test from "node:test";
import { setTimeout } from "node:timers/promises";
test("takes its time", async () => { await setTimeout(700); });
`;

function project(layer: string, category: string): Project {
  return new Project({
    "apex.yaml": [
      "extends: none",
      `layers: { only: { categories: [work], ${layer} } }`,
      `categories: { work: { command: node --test work.test.mjs, ${category} } }`,
    ].join("\n"),
    "work.test.mjs": test,
  });
}

interface Ended {
  readonly exitCode: number | undefined;
  readonly events: readonly RunEvent[];
}

async function together(projects: readonly Project[], env: Record<string, string>): Promise<Ended[]> {
  const ends = await Promise.all(projects.map((one) => one.start(["run", "--layers", "only", "--json"], env)));
  return ends.map(({ exitCode, stdout }) => ({ exitCode, events: eventsOf(stdout) }));
}

/** When the category began and ended to run, in milliseconds since the epoch. */
function span({ events }: Ended): [number, number] {
  const at = (type: RunEvent["type"]): number => Date.parse(events.find((event) => event.type === type)?.at ?? "");
  return [at("node_started"), at("node_completed")];
}

function overlap(runs: readonly Ended[]): boolean {
  const [[, firstEnd], [secondStart]] = runs.map(span).toSorted(([a], [b]) => a - b) as [
    [number, number],
    [number, number],
  ];
  return secondStart < firstEnd;
}

const reasons = (runs: readonly Ended[]): string[] =>
  runs.flatMap(({ events }) => events.flatMap((event) => (event.type === "resources_awaited" ? event.reason : [])));

describe("two runs of two projects at once", () => {
  it.each([
    ["layers that keep memory free for themselves", `resource_limits: { max_memory: ${mostMib}MiB }`, "", /^memory: /],
    ["categories that reserve memory", "", `reserves: { memory: ${mostMib}MiB }`, /^memory: /],
    [
      "categories with a mutex of the whole host",
      "",
      'mutexes: ["host:printer"]',
      /^mutex host:printer: held by a run of/,
    ],
    ["layers that want the machine to themselves", "dedicated_resources: true", "", /to itself/],
  ])("wait for each other: %s", async (_, layer, category, reason) => {
    const runs = await together(
      [project(layer || "max_duration: 1m", category), project(layer || "max_duration: 1m", category)],
      stateHome(),
    );
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(overlap(runs)).toBe(false);
    expect(reasons(runs)).toEqual(expect.arrayContaining([expect.stringMatching(reason)]));
  });

  it("run side by side where they fit, as built-in limits do, and say nothing", async () => {
    const small = (): Project => project("resource_limits: { max_memory: 16MiB }", "mutexes: [printer]");
    const runs = await together([small(), small()], stateHome());
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(overlap(runs)).toBe(true);
    expect(reasons(runs)).toEqual([]);
  });

  it("do not wait for each other where one was started by the tests of the other", async () => {
    const inner = project(`dedicated_resources: true, resource_limits: { max_memory: ${mostMib}MiB }`, "");
    const outer = project(`dedicated_resources: true, resource_limits: { max_memory: ${mostMib}MiB }`, "");
    outer.write(
      "work.test.mjs",
      `import test from "node:test";
import { execFileSync } from "node:child_process";
test("runs apex", () => { execFileSync(process.execPath, [${JSON.stringify(program)}, "run", "--layers", "only"], { cwd: ${JSON.stringify(inner.root)} }); });
`,
    );
    const [run] = await together([outer], stateHome());
    expect(run?.exitCode).toBe(0);
    expect(inner.has(".apex")).toBe(true);
  });
});
