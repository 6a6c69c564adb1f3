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

/** What a status means for those who want to use the service: its own reason, where it has one. */
export function judgeStatus({ state, reason, exitCode }: InstanceStatus): ProbeResult {
  switch (state) {
    case "healthy":
    case "completed":
      return ready();
    case "running-unchecked":
      return notReady("unchecked", reason ?? "it runs, and nothing tells whether it is ready");
    case "starting":
      return notReady("starting", reason ?? "its health check has not succeeded yet");
    case "unhealthy":
      return notReady("unhealthy", reason ?? "its health check fails");
    case "exited":
      return notReady("ended", reason ?? `it has ended${exitCode === undefined ? "" : ` with exit code ${exitCode}`}`);
    case "missing":
      return notReady("not-started", reason ?? "it is not there");
    case "paused":
      return notReady("paused", reason ?? "it is paused");
    case "unreachable":
      return notReady("no-answer", reason ?? "what runs it does not answer");
    default:
      return state satisfies never;
  }
}

/** Services that talk much before they are looked at are still seen to have said it. */
const mostLogBytes = 8 * 1024 * 1024;

/**
 * Looks for a line in what a service has written. What it has said once stays said, however much comes after it: whether it is
 * still there is for its status to tell.
 */
export function logLook(pattern: string, subject: ProbeSubject): (look: Look) => Promise<ProbeResult> {
  const wanted = outputPattern(pattern);
  let saidBy: string | undefined;
  return async ({ deadlineMs, signal }) => {
    if (!subject.output) return notReady("cannot-look", "nobody here runs it, so that its output is not known");
    const { identity = "" } = (await subject.status?.({ deadlineMs, signal })) ?? {};
    if (saidBy === identity) return ready();
    const output = await subject.output({ deadlineMs, signal, mostBytes: mostLogBytes });
    const lines = stripVTControlCharacters(output).split(/\r?\n/);
    if (lines.some((line) => wanted.test(line))) {
      saidBy = identity;
      return ready();
    }
    const last = lines.findLast((line) => line.trim() !== "");
    const said = last === undefined ? "it has written nothing" : `it ends with ${excerpt(last.trim(), 120)}`;
    return notReady("starting", `no line of its output matches ${excerpt(pattern)} yet: ${said}`);
  };
}
