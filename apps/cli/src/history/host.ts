import os from "node:os";
import type { RunHost } from "@netra-apex/core";

/** The machine that this is. */
export async function hostOf(env: NodeJS.ProcessEnv = process.env): Promise<RunHost> {
  const ci = env["CI"] || env["JENKINS_URL"] || env["TF_BUILD"] ? await ciName() : undefined;
  return {
    platform: process.platform,
    arch: process.arch,
    node: process.versions.node,
    cpus: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    ...(ci === undefined ? {} : { ci }),
  };
}

async function ciName(): Promise<string> {
  const { name } = await import("ci-info");
  return name ?? "CI";
}
