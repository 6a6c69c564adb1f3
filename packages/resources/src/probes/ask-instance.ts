import { stripVTControlCharacters } from "node:util";
import { outputPattern } from "@netra-apex/core";
import type { InstanceStatus, ProbeSubject } from "../instance.ts";
import { excerpt, type Look, notReady, type ProbeResult, ready } from "./probe.ts";

/** What runs a service is asked for the outcome of the health check that it does itself. */
export async function askDocker(subject: ProbeSubject, { deadlineMs, signal }: Look): Promise<ProbeResult> {
  if (!subject.status) {
    return notReady("cannot-look", "nobody here runs it, so that its own health check cannot be asked for");
  }
  return judgeStatus(await subject.status({ deadlineMs, signal }));
}

/** What a status means for those who want to use the service. */
export function judgeStatus({ state, reason, exitCode }: InstanceStatus): ProbeResult {
  const because = reason === undefined ? "" : `: ${reason}`;
  switch (state) {
    case "healthy":
    case "completed":
      return ready();
    case "running-unchecked":
      return notReady(
        "unchecked",
        `it runs, and has no health check of its own that would tell whether it is ready${because}`,
      );
    case "starting":
      return notReady("starting", `its health check has not succeeded yet${because}`);
    case "unhealthy":
      return notReady("unhealthy", `its health check fails${because}`);
    case "exited":
      return notReady("ended", `it has ended${exitCode === undefined ? "" : ` with exit code ${exitCode}`}${because}`);
    case "missing":
      return notReady("not-started", `it is not there${because}`);
    case "paused":
      return notReady("paused", `it is paused${because}`);
    case "unreachable":
      return notReady("no-answer", `what runs it does not answer${because}`);
    default:
      return state satisfies never;
  }
}

/** Looks for a line in what a service has written. */
export async function askLog(
  pattern: string,
  subject: ProbeSubject,
  { deadlineMs, signal }: Look,
): Promise<ProbeResult> {
  if (!subject.output) return notReady("cannot-look", "nobody here runs it, so that its output is not known");
  const wanted = outputPattern(pattern);
  const lines = stripVTControlCharacters(await subject.output({ deadlineMs, signal })).split(/\r?\n/);
  if (lines.some((line) => wanted.test(line))) return ready();
  const last = lines.findLast((line) => line.trim() !== "");
  const said = last === undefined ? "it has written nothing" : `it ends with ${excerpt(last.trim(), 120)}`;
  return notReady("starting", `no line of its output matches ${excerpt(pattern)} yet: ${said}`);
}
