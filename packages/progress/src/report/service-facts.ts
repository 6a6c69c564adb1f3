import type { ServiceOutage } from "@netra-apex/core";
import { cleanLine } from "../render/clean-text.ts";
import { formatDuration } from "../render/durations.ts";
import { missingText, outageText, serviceOwnerWord, serviceStateWord, timeOfDay } from "../render/service-text.ts";
import { nodeKey } from "./failure-groups.ts";
import type { ReportedReading, ReportedShortage, ReportedWait } from "./reported-services.ts";
import type { EventRef, ReportedTest, RunReport } from "./run-report.ts";

/** A line of a table, with the events that carry it. */
export interface FactRow {
  readonly cells: readonly string[];
  readonly refs: readonly EventRef[];
}

/** The heads of {@link serviceFacts}. */
export const serviceHeads = ["service", "state", "whose", "address", "up after", "needed by"] as const;

/** Each service: how it was, whose it is, where, what it took to come up, and which layers need it. */
export function serviceFacts({ services, layers }: RunReport): FactRow[] {
  return services.map((service) => {
    const { name, state, reason, owner, address, startMs, layerIds, runId } = service;
    const word = serviceStateWord(state);
    const names = layerIds.map((id) => layers.find((layer) => layer.id === id && layer.runId === runId)?.name ?? id);
    return {
      cells: [
        name,
        reason === undefined ? word : `${word}: ${reason}`,
        owner === undefined ? "–" : serviceOwnerWord(owner),
        address ?? "–",
        startMs === undefined ? "–" : formatDuration(startMs),
        names.length === 0 ? "–" : names.join(", "),
      ],
      refs: [service],
    };
  });
}

/** The heads of {@link outageFacts}. */
export const outageHeads = ["outage of", "from", "to", "time", "reason", "failures within"] as const;

/** Each outage: its window, why, and the nodes that failed within. */
export function outageFacts({ services, nodes }: RunReport): FactRow[] {
  return services.flatMap(({ outages }) =>
    outages.map((outage) => {
      const { service, lastUpAt, upAgainAt, durationMs, reason, runId, seq, endSeq } = outage;
      const within = nodes.filter(
        (node) =>
          node.runId === runId && outagesOf(node).some((one) => one.service === service && one.lastUpAt === lastUpAt),
      );
      return {
        cells: [
          service,
          timeOfDay(lastUpAt),
          upAgainAt === undefined ? "not up again" : timeOfDay(upAgainAt),
          durationMs === undefined ? "–" : formatDuration(durationMs),
          reason,
          within.length === 0 ? "none" : within.map(({ id }) => id).join(", "),
        ],
        refs: [{ runId, seq }, ...(endSeq === undefined ? [] : [{ runId, seq: endSeq }]), ...within],
      };
    }),
  );
}

function outagesOf({
  evidence,
  attempts,
}: Pick<RunReport["nodes"][number], "evidence" | "attempts">): readonly ServiceOutage[] {
  return [...(evidence?.outages ?? []), ...attempts.flatMap((attempt) => attempt.evidence?.outages ?? [])];
}

/** The heads of {@link environmentFacts}. */
export const environmentHeads = ["environment", "at the start", "at the end", "changed"] as const;

/** Each environment: what it was at the start and at the end, and whether that is the same. */
export function environmentFacts({ environments }: RunReport): FactRow[] {
  return environments.map(({ name, start, end, change }) => ({
    cells: [name, readingFact(start), readingFact(end), start && end ? (change ?? "no") : "not known"],
    refs: [start, end].filter((reading) => reading !== undefined),
  }));
}

function readingFact(reading: ReportedReading | undefined): string {
  if (!reading) return "not read";
  const { baseUrl, status, deployedVersion } = reading;
  const version = deployedVersion === undefined ? undefined : `version ${deployedVersion}`;
  return [baseUrl, version, `status ${status}`].filter((part) => part !== undefined).join(", ");
}

/** What a layer lacked, a line each: `Load did not start for want of service kafka: nothing listens (fix: …)`. */
export function shortageText(
  { layers }: RunReport,
  { layerId, runId, missing, isResolved, policy }: ReportedShortage,
): string {
  const name = layers.find((layer) => layer.id === layerId && layer.runId === runId)?.name ?? layerId;
  const what = missing.map(missingText).join("; ");
  if (isResolved) return cleanLine(`${name} waited for ${what}`, 2_000);
  const end = policy === "skip" ? "was left out" : "did not start";
  return cleanLine(`resources not available for layer ${name}, which ${end}: ${what}`, 2_000);
}

/** A wait for others: `api (Core Integration) waited 6.4s: run … has the slot of postgresql`. */
export function waitText({ layers }: RunReport, { layerId, nodeId, runId, reason, waitedMs }: ReportedWait): string {
  const layer = layers.find(({ id, runId: own }) => id === layerId && own === runId)?.name ?? layerId;
  const who = nodeId === undefined ? layer : `${nodeId} (${layer})`;
  const time = waitedMs === undefined ? "waited, and no end of it is recorded" : `waited ${formatDuration(waitedMs)}`;
  return cleanLine(`${who} ${time}: ${reason}`);
}

/** What was down while a failed test's attempt ran, in the words of its report. */
export function outageNotes({ nodes }: RunReport): (test: ReportedTest) => string[] {
  const byKey = new Map(nodes.map((node) => [nodeKey(node.runId, node.id), node]));
  return ({ runId, nodeId, attempt: own }) => {
    const node = byKey.get(nodeKey(runId, nodeId));
    const attempt = node?.attempts.find(({ attempt: number }) => number === own);
    const outages = attempt?.evidence?.outages ?? (node?.attempts.length === own ? node.evidence?.outages : undefined);
    return (outages ?? []).map((outage) => `while ${nodeId} ran, ${outageText(outage)}`);
  };
}
