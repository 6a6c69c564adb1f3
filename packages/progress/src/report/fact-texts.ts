import type { NodeEvidence, SlaBreach } from "@netra-apex/core";
import { formatSize } from "@netra-apex/core";
import { formatDuration } from "../render/durations.ts";
import { limitText } from "../render/limit-lines.ts";
import { outageText } from "../render/service-text.ts";

/** A promise that did not hold, with its numbers: `duration 120 (at most 100)`. */
export function slaText({ what, actual, min, max }: SlaBreach): string {
  const bounds = [min === undefined ? "" : `at least ${min}`, max === undefined ? "" : `at most ${max}`];
  return `${what} ${actual ?? "was not reported"} (${bounds.filter(Boolean).join(", ")})`;
}

/** A fact about a node's verdict: a label and what it says. */
export interface EvidenceFact {
  readonly label: string;
  readonly text: string;
  /** To be copied as it is. */
  readonly isCode: boolean;
}

/** How a verdict can be checked by hand: the command, its exit code, the log, limits and what was odd. */
export function evidenceFacts(evidence: NodeEvidence | undefined): EvidenceFact[] {
  if (!evidence) return [];
  const { command, cwd, exitCode, signal, logFile, framework, usage, limits, ended, isolation } = evidence;
  const { leaked = [], survivors = [], overdue = [], suspicions = [], outages = [] } = evidence;
  const facts: [label: string, text: string | undefined, isCode?: true][] = [
    ["command", command, true],
    ["directory", cwd, true],
    ["exit code", exitCode === undefined ? undefined : String(exitCode)],
    ["signal", signal],
    ["ended", ended && `by SIG${ended.by.toUpperCase()} after ${formatDuration(ended.afterMs)}`],
    ["log", logFile, true],
    ["results from", framework],
    ...outages.map((outage): [string, string] => ["outage", outageText(outage)]),
    ["limits", limits && limitText(limits)],
    ["killed by", limits?.memory?.killedBy && "its memory limit"],
    ["usage", usage && `${formatDuration(usage.cpuMs)} CPU, ${formatSize(usage.peakMemoryBytes)} at most`],
    ["isolation", isolation],
    ...overdue.map((line): [string, string, true] => ["did not end", line, true]),
    ...leaked.map((line): [string, string, true] => ["left running", line, true]),
    ...survivors.map((line): [string, string, true] => ["could not be ended", line, true]),
    ...suspicions.map(({ message, isDecisive }): [string, string] => [
      isDecisive ? "decided by" : "suspicion",
      message,
    ]),
  ];
  return facts.flatMap(([label, text, isCode = false]) => (text ? [{ label, text, isCode }] : []));
}
