import { readFileSync } from "node:fs";
import path from "node:path";
import type { Agent, AgentReport, CategoryTask, Command } from "@netra-apex/core";
import { createTestContext } from "@netra-apex/core/testing";
import { createLayerExecutionAgent, type LayerExecutionAgentOptions } from "../src/layer-execution-agent.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

interface RigOptions extends Partial<LayerExecutionAgentOptions> {
  readonly task: Partial<CategoryTask> & { readonly command: Command };
  readonly attempt?: number;
  readonly signal?: AbortSignal;
}

/** Runs the agent on a task in a test context, in a project directory of its own. */
export function runAgent({ task, attempt = 1, signal = new AbortController().signal, ...options }: RigOptions) {
  const projectRoot = temporaryDirectory();
  const agent: Agent<CategoryTask, AgentReport> = createLayerExecutionAgent({
    runDirectory: ".apex/runs/run-1",
    graceMs: 10_000,
    ...options,
  });
  const whole: CategoryTask = {
    category: "unit",
    cwd: projectRoot,
    env: {},
    additionalArgs: [],
    selectors: [],
    allowNoTests: false,
    ...task,
  };
  const { context, recorder } = createTestContext({
    agent,
    run: { id: "run-1", environment: "test", projectRoot },
    node: { id: whole.category, layerId: "fast_feedback", attempt, slot: 3 },
    signal,
  });
  return {
    report: agent.execute(whole, context),
    said: recorder.events,
    projectRoot,
    output: () => recorder.events.flatMap((event) => (event.type === "output" ? [event.text] : [])).join(""),
    log: (name = "unit.log") => readFileSync(path.join(projectRoot, ".apex/runs/run-1", name), "utf8"),
  };
}
