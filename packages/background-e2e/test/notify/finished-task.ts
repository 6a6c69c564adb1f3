import { writeFileSync } from "node:fs";
import path from "node:path";
import type { NotifySettings } from "@netra-apex/core";
import type { FinishedTask, NotifyOptions } from "../../src/notify/notify-finished.ts";
import type { TaskView } from "../../src/queue/queue-backend.ts";
import type { FinalTaskState } from "../../src/queue/task.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** A task that has ended in a state. */
export function endedTask(state: FinalTaskState, changes: Partial<TaskView> = {}): TaskView {
  const passed = state === "completed";
  return {
    id: "cypress-k3f9x2",
    spec: {
      category: "cypress",
      environment: "test",
      projectRoot: "/project",
      maxRetries: 0,
      servicesRequired: [],
      additionalArgs: [],
      envVars: {},
      useRealServices: false,
      useRealLlm: false,
    },
    priority: 3,
    state,
    by: { kind: "person" },
    createdMs: 0,
    changedMs: 0,
    attempts: [],
    spent: 1,
    losses: 0,
    result: {
      outcome: passed ? { status: "passed" } : { status: "failed", reason: "2 of 14\ntests failed" },
      durationMs: 725_000,
      counts: { total: 14, passed: passed ? 14 : 12, failed: passed ? 0 : 2, skipped: 0, flaky: 0 },
    },
    ...changes,
  };
}

/** Settings that tell of everything in no way at all. */
const silent: NotifySettings = { on: "always", isLogged: false, desktop: "never" };

/** A project with a finished task, its exported result, and the worker's log. */
export function finishedProject(
  settings: Partial<NotifySettings>,
  options: Partial<NotifyOptions> = {},
): { finished: FinishedTask; options: NotifyOptions; log: string[]; projectRoot: string } {
  const projectRoot = temporaryDirectory();
  const resultFile = path.join(projectRoot, "cypress-k3f9x2.json");
  writeFileSync(resultFile, '{"task_id":"cypress-k3f9x2","status":"failed"}');
  const log: string[] = [];
  return {
    projectRoot,
    log,
    finished: { task: endedTask("failed"), resultFile },
    options: {
      settings: { ...silent, ...settings },
      projectRoot,
      log: (level, message) => log.push(`${level} ${message}`),
      deadlineMs: 400,
      retryDelayMs: 5,
      ...options,
    },
  };
}
