import type { InstanceStatus } from "../instance.ts";
import type { ContainerFacts } from "./docker-engine.ts";

interface ContainerHealth {
  readonly Status?: string;
  readonly Log?: readonly { readonly ExitCode?: number; readonly Output?: string }[] | null;
}

/** How a container is, from what the engine says of it; `isOneShot`: it is to do its work and end. */
export function containerStatus(
  facts: ContainerFacts | undefined,
  { isOneShot }: { readonly isOneShot: boolean },
): InstanceStatus {
  if (!facts) return { state: "missing", reason: "its container is not there" };
  const { State: state } = facts;
  const identity = `${facts.Id.slice(0, 12)} ${state.StartedAt}`;
  if (state.Paused) return { state: "paused", reason: "its container is paused", identity };
  if (state.Status === "created" || state.Restarting) {
    const reason = state.Restarting ? `it restarts: ${exitReason(state)}` : "its container is not started yet";
    return { state: "starting", reason, identity };
  }
  if (!state.Running) {
    const { ExitCode: exitCode } = state;
    if (isOneShot && exitCode === 0) return { state: "completed", exitCode, identity };
    return { state: "exited", reason: exitReason(state), exitCode, identity };
  }
  return { ...healthStatus(healthOf(facts)), identity };
}

/** Whether it has a health check of its own. */
export function hasHealthCheck(facts: ContainerFacts): boolean {
  return healthOf(facts) !== undefined;
}

function healthOf({ State: state }: ContainerFacts): ContainerHealth | undefined {
  // Podman before 5 calls it by another name, and says `""` where there is no check.
  const { Healthcheck: ofPodman } = state as { readonly Healthcheck?: ContainerHealth };
  const health: ContainerHealth | undefined = state.Health ?? ofPodman;
  return health?.Status && health.Status !== "none" ? health : undefined;
}

function healthStatus(health: ContainerHealth | undefined): InstanceStatus {
  switch (health?.Status) {
    case undefined:
      return { state: "running-unchecked", reason: "its container runs, and has no health check" };
    case "healthy":
      return { state: "healthy" };
    case "starting":
      return { state: "starting", reason: `its health check has not passed yet${lastResult(health)}` };
    default:
      return { state: "unhealthy", reason: `its health check fails${lastResult(health)}` };
  }
}

function lastResult(health: ContainerHealth | undefined): string {
  const last = health?.Log?.at(-1);
  if (!last) return "";
  const line = last.Output?.trim().split("\n").at(-1)?.slice(0, 500);
  return `: exit code ${last.ExitCode ?? "unknown"}${line ? `, "${line}"` : ", no output"}`;
}

function exitReason({ ExitCode, OOMKilled, Error: error }: ContainerFacts["State"]): string {
  if (OOMKilled) return `it ran out of memory and was killed (exit code ${ExitCode})`;
  return `it ended with exit code ${ExitCode}${error ? `: ${error}` : ""}`;
}
