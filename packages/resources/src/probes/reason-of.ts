import type { NotReady } from "./probe.ts";

/** A sentence about a service, of what a look at it has shown. */
export function reasonOf(service: string, { problem, detail }: Pick<NotReady, "problem" | "detail">): string {
  switch (problem) {
    case "not-started":
      return `${service} is not started: ${detail}`;
    case "unknown-host":
      return `${service} has an unknown host: ${detail}`;
    case "no-answer":
      return `${service} does not answer: ${detail}`;
    case "other-program":
      return `${service} is not what answers at its address: ${detail}`;
    case "wrong-version":
      return `${service} has another version: ${detail}`;
    case "refused":
      return `${service} does not let us in: ${detail}`;
    case "unhealthy":
      return `${service} is unhealthy: ${detail}`;
    case "starting":
      return `${service} is still starting: ${detail}`;
    case "ended":
      return `${service} has ended: ${detail}`;
    case "paused":
      return `${service} is paused: ${detail}`;
    case "unchecked":
      return `${service} cannot be seen to be ready: ${detail}`;
    case "cannot-look":
      return `${service} cannot be looked at: ${detail}`;
    default:
      return problem satisfies never;
  }
}
