import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import type { PlanLayer } from "../../src/plan/plan.ts";
import { resolvePlan } from "../../src/plan/resolve-plan.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

const services = [
  "services:",
  "  db: { health: { tcp: 5432 } }",
  "  live: { health: { tcp: 1 }, when: { real_services: true } }",
  "  mock: { health: { tcp: 2 }, when: { real_services: false } }",
  "  staged: { health: { tcp: 3 }, when: { environments: [staging] } }",
  "categories: { a: { command: x } }",
].join("\n");

/** What a layer of these settings needs. */
async function needsOf(
  settings: string,
  { environment = "test", realServices }: { environment?: string; realServices?: boolean } = {},
): Promise<PlanLayer["needs"]> {
  const yaml = `extends: none\nlayers:\n  mine: { categories: [a], ${settings} }\nmodes: { m: { layers: [mine] } }\n${services}\n`;
  const config = await loadConfig({ cwd: temporaryProject({ "apex.yaml": yaml }), environment });
  const selection = { categories: ["a"], ...(realServices === undefined ? {} : { realServices }) };
  return resolvePlan(config, selection).layers.find(({ id }) => id === "mine")?.needs;
}

describe("what a layer needs", () => {
  it("is nothing where it asks for nothing, or only for services that the config does not describe", async () => {
    expect(await needsOf("fail_fast: true")).toBeUndefined();
    expect(await needsOf("required_services: [redis, llm]")).toBeUndefined();
  });

  it("is each service that the config describes, once", async () => {
    expect(await needsOf("required_services: [redis, db, db]")).toMatchObject({
      services: ["db"],
      whenUnavailable: "fail",
    });
  });

  it("depends on whether real services are asked for, and on the environment", async () => {
    const all = "required_services: [db, live, mock, staged]";
    expect((await needsOf(all))?.services).toEqual(["db", "mock"]);
    expect((await needsOf(all, { realServices: true }))?.services).toEqual(["db", "live"]);
    expect((await needsOf(all, { environment: "staging" }))?.services).toEqual(["db", "mock", "staged"]);
    expect(await needsOf("required_services: [staged]")).toBeUndefined();
  });

  it("is also what it requires of the machine, and the machine for itself", async () => {
    const requires = "requires: { free_memory: 1GiB, ports: [80], docker: true, credentials: [TOKEN] }";
    expect(await needsOf(`${requires}, when_unavailable: wait, wait_timeout: 3s`)).toEqual({
      services: [],
      requires: { freeMemoryBytes: 2 ** 30, ports: [80], docker: true, credentials: ["TOKEN"] },
      whenUnavailable: "wait",
      waitTimeoutMs: 3_000,
    });
    expect(await needsOf("dedicated_resources: true")).toMatchObject({ services: [], isDedicated: true });
  });
});
