import type { Service } from "@netra-apex/core";
import type { AskLimits } from "../instance.ts";
import { ServiceError } from "../service-error.ts";
import type { ComposeCommand, ComposeResult } from "./compose-command.ts";
import { composeContainers, composeServiceOf } from "./compose-objects.ts";
import type { ComposeProject } from "./compose-project.ts";
import { containerStatus } from "./container-status.ts";
import type { DockerEngine } from "./docker-engine.ts";
import { takenPort, toServiceError } from "./explain-start.ts";

/** Why `up` has failed: in the words of the container that did, where there is one, else in those of compose. */
export async function composeFailure(
  of: {
    readonly engine: DockerEngine;
    readonly command: ComposeCommand;
    readonly project: ComposeProject;
    readonly service: Service;
    readonly limits: AskLimits;
  },
  { exitCode, output }: Pick<ComposeResult, "exitCode" | "output">,
): Promise<ServiceError> {
  const { engine, command, project, service, limits } = of;
  if (takenPort(output) !== undefined) return toServiceError(service.name, new Error(output));
  const failed = await failedContainer(of);
  if (!failed) {
    const said = output.trim().split("\n").slice(-3).join("\n");
    return new ServiceError(service.name, `${command.words.join(" ")} up ended with exit code ${exitCode}: ${said}`);
  }
  const lines = (await engine.output(failed.id, limits).catch(() => "")).trim().split("\n").slice(-5).join("\n");
  const said = lines === "" ? "it wrote nothing" : `its last lines:\n${lines}`;
  return new ServiceError(
    service.name,
    `${failed.name} of the compose project ${project.facts.name} failed: ${failed.reason}; ${said}`,
  );
}

async function failedContainer({
  engine,
  project,
  limits,
}: {
  readonly engine: DockerEngine;
  readonly project: ComposeProject;
  readonly limits: AskLimits;
}): Promise<{ readonly id: string; readonly name: string; readonly reason: string } | undefined> {
  for (const info of await composeContainers(engine, { project: project.facts.name }, limits)) {
    const {
      state,
      exitCode,
      reason = "",
    } = containerStatus(await engine.inspect(info.Id, limits), { isOneShot: false });
    const isFailed = state === "unhealthy" || (state === "exited" && exitCode !== 0);
    if (isFailed) return { id: info.Id, name: composeServiceOf(info), reason };
  }
  return undefined;
}
