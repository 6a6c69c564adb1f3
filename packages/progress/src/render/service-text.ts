import type { EnvironmentReading, MissingResource, ServiceOutage, ServiceOwner, ServiceState } from "@netra-apex/core";
import { cleanLine } from "./clean-text.ts";
import { formatDuration } from "./durations.ts";

const stateWords: Readonly<Record<ServiceState, string>> = {
  missing: "not there",
  starting: "starting",
  healthy: "healthy",
  unhealthy: "unhealthy",
  "running-unchecked": "runs, unchecked",
  completed: "done",
  exited: "exited",
  paused: "paused",
  unreachable: "unreachable",
};

/** A state as people say it. What nothing checks is never called healthy. */
export function serviceStateWord(state: ServiceState): string {
  // A log of a later version may know another one.
  return stateWords[state] ?? cleanLine(state, 40);
}

const ownerWords: Readonly<Record<ServiceOwner, string>> = {
  started: "started",
  reused: "reused",
  foreign: "not ours",
};

/** Whose a service is, as people say it. */
export function serviceOwnerWord(owner: ServiceOwner): string {
  return ownerWords[owner] ?? cleanLine(owner, 40);
}

/** A service that is ready: `healthy after 1.4s on localhost:55123 (started)`. */
export function readyText({
  state,
  startMs,
  address,
  owner,
}: {
  readonly state: ServiceState;
  readonly startMs?: number;
  readonly address?: string;
  readonly owner?: ServiceOwner;
}): string {
  // What somebody else runs, or was up before, took no time of this run to speak of.
  const time =
    startMs === undefined || (owner !== undefined && owner !== "started") ? "" : ` after ${formatDuration(startMs)}`;
  const place = address === undefined ? "" : ` on ${cleanLine(address, 100)}`;
  return `${serviceStateWord(state)}${time}${place}${owner === undefined ? "" : ` (${serviceOwnerWord(owner)})`}`;
}

/** A time of the day in UTC, as the events have it: `12:00:01Z`. */
export function timeOfDay(iso: string): string {
  return /T(\d\d:\d\d:\d\d)/.exec(iso)?.[1]?.concat("Z") ?? cleanLine(iso, 30);
}

/** `postgresql was down from 12:00:01Z to 12:00:03Z (2.3s): refuses connections`. */
export function outageText({ service, lastUpAt, upAgainAt, reason }: ServiceOutage): string {
  const end =
    upAgainAt === undefined
      ? `since ${timeOfDay(lastUpAt)}, and was not up again`
      : `from ${timeOfDay(lastUpAt)} to ${timeOfDay(upAgainAt)} (${formatDuration(Date.parse(upAgainAt) - Date.parse(lastUpAt))})`;
  return cleanLine(`${service} was down ${end}: ${reason}`);
}

/** What is missing, without its kind where the name says it: `service postgresql`, `memory`. */
export function missingName({ kind, name }: Pick<MissingResource, "kind" | "name">): string {
  const own = cleanLine(name, 60);
  return own === "" || own === kind ? kind : `${kind} ${own}`;
}

/** Something missing in one line: `service postgresql: refuses connections (fix: apex services up postgresql)`. */
export function missingText({ fix, reason, ...what }: MissingResource): string {
  return `${missingName(what)}: ${cleanLine(reason)}${fix === undefined ? "" : ` (fix: ${cleanLine(fix)})`}`;
}

/** What a health answer said: `https://staging.example.com, version 1.4.2`. */
export function readingText({ baseUrl, deployedVersion, status }: EnvironmentReading): string {
  const parts = [baseUrl, deployedVersion === undefined ? `status ${status}` : `version ${deployedVersion}`];
  return cleanLine(parts.filter((part) => part !== undefined).join(", "));
}

/** How an environment has changed between two readings of it; nothing where it has not. */
export function environmentChange(start: EnvironmentReading, end: EnvironmentReading): string | undefined {
  const [before, after] = [start.deployedVersion, end.deployedVersion];
  if (before !== undefined && after !== undefined) {
    return before === after ? undefined : cleanLine(`version ${before} became ${after}`);
  }
  if (start.status !== end.status) return `status ${start.status} became ${end.status}`;
  return start.digest === end.digest ? undefined : "its health answers differently";
}
