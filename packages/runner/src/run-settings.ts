import { type Config, createMask, type RunPlanOptions } from "@netra-apex/core";
import { createLayerExecutionAgent, type LayerExecutionAgentOptions } from "./layer-execution-agent.ts";
import { type Secrets, secretsOf } from "./secrets.ts";
import { createShardUnionAgent } from "./shards/shard-union-agent.ts";

/** What a config says about running a plan: its plugins' agents beside those that run categories, and what is watched. */
export function runSettings(
  config: Config,
  {
    secrets = secretsOf(config),
    ...control
  }: Omit<LayerExecutionAgentOptions, "mask"> & { readonly secrets?: Secrets | undefined },
): Pick<RunPlanOptions, "agents" | "tools" | "conditions" | "alerts" | "heartbeatMs" | "sampleMs" | "mask"> {
  const { plugins, monitoring } = config;
  const { alerts, heartbeatMs, sampleMs } = monitoring;
  const options = { ...control, mask: secrets };
  return {
    agents: [createLayerExecutionAgent(options), createShardUnionAgent(options), ...plugins.agents],
    tools: plugins.tools,
    conditions: plugins.conditions,
    alerts,
    ...(secrets ? { mask: createMask(secrets) } : {}),
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(sampleMs === undefined ? {} : { sampleMs }),
  };
}
