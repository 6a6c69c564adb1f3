import type { EnvironmentReading } from "@netra-apex/core";

/**
 * What has changed between two readings of an environment, in one sentence; `undefined` when tests ran against the same thing
 * all the time. Where both tell a version that decides, else the whole answer does.
 */
export function compareReadings(name: string, start: EnvironmentReading, end: EnvironmentReading): string | undefined {
  if (start.baseUrl !== end.baseUrl)
    return `${name} is at ${end.baseUrl ?? "no address"}, and was at ${start.baseUrl ?? "none"}`;
  if (statusClass(start) !== statusClass(end)) {
    return `the health of ${name} answered ${start.status} at the start, and ${end.status} at the end`;
  }
  const versions = [start.deployedVersion, end.deployedVersion];
  if (versions.some((version) => version !== undefined)) {
    const [before = "no version", after = "no version"] = versions;
    return before === after
      ? undefined
      : `${name} was deployed anew while the tests ran: ${before} at the start, ${after} at the end`;
  }
  if (start.digest === end.digest) return undefined;
  return (
    `the health of ${name} answered something else at the end than at the start ` +
    `(where parts of it change by themselves, say where its version is: environments.${name}.version)`
  );
}

function statusClass({ status }: EnvironmentReading): number {
  return Math.floor(status / 100);
}
