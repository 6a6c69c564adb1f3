import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import type { PlanNode } from "../../src/plan/plan.ts";
import { resolvePlan } from "../../src/plan/resolve-plan.ts";
import { temporaryProject } from "../rig/temporary-project.ts";

const categories = ["unit", "api", "cypress"].map((name) => `  ${name}: { command: run-${name} }`).join("\n");

async function nodes(yaml: string, environment?: string): Promise<Record<string, PlanNode>> {
  const config = await loadConfig({
    cwd: temporaryProject({ "apex.yaml": yaml }),
    ...(environment === undefined ? {} : { environment }),
  });
  expect(config.warnings).toEqual([]);
  const plan = resolvePlan(config, { categories: ["unit", "api", "cypress"] });
  return Object.fromEntries(plan.nodes.map((node) => [node.id, node]));
}

describe("what is flaky", () => {
  it("fails in fast_feedback, and passes and is reported in every other layer", async () => {
    const { unit, api, cypress } = await nodes(`categories:\n${categories}\n`);
    expect([unit?.flaky, api?.flaky, cypress?.flaky]).toEqual(["fail", undefined, undefined]);
  });

  it("is as the layer says, and as an environment says over it", async () => {
    const yaml = [
      "layers:",
      "  fast_feedback: { flaky: pass }",
      "  core_integration: { flaky: fail, environment_overrides: { staging: { flaky: pass } } }",
      `categories:\n${categories}\n`,
    ].join("\n");
    const here = await nodes(yaml);
    expect([here["unit"]?.flaky, here["api"]?.flaky]).toEqual([undefined, "fail"]);
    expect((await nodes(yaml, "staging"))["api"]?.flaky).toBeUndefined();
  });
});

describe("retry.when", () => {
  it("comes into the plan as it is written, and is left out where it is not", async () => {
    const yaml = [
      "categories:",
      "  unit: { command: run-unit, retry: { when: end-isolated, on: [assertion] } }",
      "  api: { command: run-api, retry: { max_attempts: 3 } }",
      "  cypress: { command: run-cypress, retry: { when: immediately } }",
    ].join("\n");
    const { unit, api, cypress } = await nodes(yaml);
    expect(unit?.retry).toMatchObject({ maxAttempts: 2, when: "end-isolated", on: ["assertion"] });
    expect(api?.retry).not.toHaveProperty("when");
    expect(cypress?.retry.when).toBe("immediately");
  });
});
