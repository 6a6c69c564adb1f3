import { type RunHost, thisHost } from "@netra-apex/core";

/** The machine that this is, with the name of the continuous integration service whose it is. */
export async function hostOf(env: NodeJS.ProcessEnv = process.env): Promise<RunHost> {
  const ci = env["CI"] || env["JENKINS_URL"] || env["TF_BUILD"] ? await ciName() : undefined;
  return { ...thisHost(), ...(ci === undefined ? {} : { ci }) };
}

async function ciName(): Promise<string> {
  const { name } = await import("ci-info");
  return name ?? "CI";
}
