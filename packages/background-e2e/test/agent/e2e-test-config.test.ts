import { describe, expect, it } from "vitest";
import { type E2ETestConfig, taskOptionsOf } from "../../src/agent/e2e-test-config.ts";

describe("what a program says of a task", () => {
  it("is read in the units of its names", () => {
    expect(
      taskOptionsOf({
        timeout_minutes: 1.5,
        memory_limit_gb: 2,
        priority: "high",
        env_vars: { A: "1" },
        max_retries: 2,
      }),
    ).toEqual({ timeoutMs: 90_000, memoryLimitBytes: 2 * 1024 ** 3, priority: 2, envVars: { A: "1" }, maxRetries: 2 });
  });

  it.each([
    [{ timeoutMinutes: 1 }, /timeoutMinutes is no setting.*timeout_minutes/],
    [{ timeout_minutes: "45" }, /timeout_minutes is "45", and must be a number/],
    [{ timeout_minutes: 0 }, /more than 0/],
    [{ timeout_minutes: 1e300 }, /at most/],
    [{ max_retries: -1 }, /max_retries is -1/],
    [{ cpu_limit_percent: 1_000 }, /cpu_limit_percent is 1000/],
    [{ priority: "urgent" }, /not one of critical \(1\)/],
    [{ additional_args: "abc" }, /additional_args must be a list of texts/],
    [{ services_required: "redis" }, /services_required must be a list of texts/],
    [{ env_vars: "x" }, /env_vars must be an object of texts/],
    [{ env_vars: { A: 5 } }, /env_vars must be an object of texts/],
  ])("is refused by name: %j", (config, problem) => {
    const read = (): unknown => taskOptionsOf(config as unknown as E2ETestConfig);
    expect(read).toThrow(
      expect.objectContaining({ code: "APEX_TASK_INVALID", message: expect.stringMatching(problem) }),
    );
  });
});
