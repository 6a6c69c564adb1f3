import { formatDuration, type MissingResource } from "@netra-apex/core";
import type { ServiceChange } from "@netra-apex/resources";
import { plain } from "../table.ts";

/** A change of a service on one line. */
export function changeLine({ service, to, owner, address, reason, durationMs }: ServiceChange): string {
  const where = address === undefined ? "" : ` on ${address}`;
  const time = durationMs === undefined ? "" : ` after ${formatDuration(durationMs)}`;
  const why = reason === undefined ? "" : `: ${reason}`;
  const whose = owner === undefined || to === "missing" ? "" : ` (${ownerText(owner)})`;
  return `${plain(service)}  ${plain(`${to}${time}${where}${whose}${why}`)}`;
}

/** Whose a service is, for people. */
export function ownerText(owner: NonNullable<ServiceChange["owner"]>): string {
  switch (owner) {
    case "started":
      return "started by apex";
    case "reused":
      return "left up by apex";
    case "foreign":
      return "not of apex";
    default:
      return owner satisfies never;
  }
}

/** What is not there, with what to do about it. */
export function missingLines({ name, reason, fix, output }: MissingResource): string[] {
  return [
    `${plain(name)}  ${plain(reason)}`,
    ...(output === undefined ? [] : output.split("\n").map((line) => `    ${plain(line)}`)),
    ...(fix === undefined ? [] : [`  fix: ${plain(fix)}`]),
  ];
}
