import path from "node:path";
import { type Agent, type AgentReport, type Config, createMask, type MaskRequest, type Plan } from "@netra-apex/core";
import {
  createResourceManagementAgent,
  type ResourceManagementOptions,
  type ResourceTask,
} from "./resource-management-agent.ts";

/** What the agent of a run that is kept in a directory needs. */
export interface RunResourceOptions extends Pick<ResourceManagementOptions, "forceRecreate" | "killNow"> {
  readonly config: Config;
  readonly plan: Pick<Plan, "projectRoot">;
  /** Of the run; relative to the project's root, or absolute. */
  readonly runDirectory: string;
  /** What must not be seen, where there is such a thing; it learns the tokens that tests get. */
  readonly secrets: (MaskRequest & { learn(secret: string): void }) | undefined;
}

/** The agent for a run: outputs of services are kept beside the run's own, and neither they nor anything else tell secrets. */
export function createRunResourceAgent({
  plan,
  runDirectory,
  secrets,
  ...options
}: RunResourceOptions): Agent<ResourceTask, AgentReport> {
  return createResourceManagementAgent({
    ...options,
    onSecret: (secret) => secrets?.learn(secret),
    logDirectory: path.join(path.resolve(plan.projectRoot, runDirectory), "services"),
    ...(secrets ? { mask: createMask(secrets) } : {}),
  });
}
