import type { Agent, Config, RunPlanOptions } from "@netra-apex/core";

/** What a config says about running a plan: its plugins' agents beside the one that runs categories, and what is watched. */
export function settingsOf(
  { plugins, monitoring }: Config,
  layerExecution: Agent,
): Pick<RunPlanOptions, "agents" | "tools" | "conditions" | "alerts" | "heartbeatMs" | "sampleMs"> {
  const { alerts, heartbeatMs, sampleMs } = monitoring;
  return {
    agents: [layerExecution, ...plugins.agents],
    tools: plugins.tools,
    conditions: plugins.conditions,
    alerts,
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(sampleMs === undefined ? {} : { sampleMs }),
  };
}
