import { type Agent, type Config, createMask, type RunPlanOptions } from "@netra-apex/core";
import { secretsOf } from "./secrets.ts";

/** What a config says about running a plan: its plugins' agents beside the one that runs categories, and what is watched. */
export function settingsOf(
  config: Config,
  layerExecution: Agent,
): Pick<RunPlanOptions, "agents" | "tools" | "conditions" | "alerts" | "heartbeatMs" | "sampleMs" | "mask"> {
  const { plugins, monitoring } = config;
  const { alerts, heartbeatMs, sampleMs } = monitoring;
  const secrets = secretsOf(config);
  return {
    agents: [layerExecution, ...plugins.agents],
    tools: plugins.tools,
    conditions: plugins.conditions,
    alerts,
    ...(secrets ? { mask: createMask(secrets) } : {}),
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(sampleMs === undefined ? {} : { sampleMs }),
  };
}
