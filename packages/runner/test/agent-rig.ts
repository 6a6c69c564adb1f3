import { readFileSync } from "node:fs";
import path from "node:path";
import type {
  Agent,
  AgentContext,
  AgentReport,
  AgentReportedEvent,
  CategoryTask,
  Command,
  Tool,
} from "@netra-apex/core";
import * as z from "zod/mini";
import { createLayerExecutionAgent, type LayerExecutionAgentOptions } from "../src/layer-execution-agent.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** What an invocation said, in order. */
type Said =
  | AgentReportedEvent
  | { readonly type: "thought"; readonly note: string }
  | { readonly type: "call"; readonly tool: string; readonly input: unknown };

interface RigOptions extends Partial<LayerExecutionAgentOptions> {
  readonly task: Partial<CategoryTask> & { readonly command: Command };
  readonly attempt?: number;
  readonly signal?: AbortSignal;
}

/** Runs the agent on a task with a context made by hand, in a project directory of its own. */
export function runAgent({ task, attempt = 1, signal = new AbortController().signal, ...options }: RigOptions) {
  const projectRoot = temporaryDirectory();
  const agent: Agent<CategoryTask, AgentReport> = createLayerExecutionAgent({
    runDirectory: ".apex/runs/run-1",
    graceMs: 10_000,
    ...options,
  });
  const said: Said[] = [];
  const emit = (event: AgentReportedEvent): void => void said.push(event);
  const whole: CategoryTask = {
    category: "unit",
    cwd: projectRoot,
    env: {},
    additionalArgs: [],
    selectors: [],
    allowNoTests: false,
    ...task,
  };
  const context: AgentContext = {
    run: { id: "run-1", environment: "test", projectRoot },
    node: { id: whole.category, layerId: "fast_feedback", attempt, slot: 3 },
    user: {},
    signal,
    think: (note) => void said.push({ type: "thought", note }),
    async callTool<Output>(name: string, input: unknown): Promise<Output> {
      const tool = agent.tools?.find((candidate: Tool) => candidate.name === name);
      if (!tool) throw new Error(`no tool ${name}`);
      said.push({ type: "call", tool: name, input });
      return (await tool.run(z.parse(tool.input, input), { signal, emit })) as Output;
    },
    emit,
  };
  return {
    report: agent.execute(whole, context),
    said,
    projectRoot,
    output: () => said.flatMap((event) => (event.type === "output" ? [event.text] : [])).join(""),
    log: (name = "unit.log") => readFileSync(path.join(projectRoot, ".apex/runs/run-1", name), "utf8"),
  };
}
