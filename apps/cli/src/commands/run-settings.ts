import type { Config, RunPlanOptions } from "@netra-apex/core";
import { createLayerExecutionAgent, createShardUnionAgent, type LayerExecutionAgentOptions } from "@netra-apex/runner";

/** What a config says about running a plan: its plugins' agents beside those that run categories, and what is watched. */
export function settingsOf(
  { plugins, monitoring }: Config,
  options: LayerExecutionAgentOptions,
): Pick<RunPlanOptions, "agents" | "tools" | "conditions" | "alerts" | "heartbeatMs" | "sampleMs"> {
  const { alerts, heartbeatMs, sampleMs } = monitoring;
  return {
    agents: [createLayerExecutionAgent(options), createShardUnionAgent(options), ...plugins.agents],
    tools: plugins.tools,
    conditions: plugins.conditions,
    alerts,
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(sampleMs === undefined ? {} : { sampleMs }),
  };
}
