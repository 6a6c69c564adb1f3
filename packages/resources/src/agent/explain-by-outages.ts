import type { FailedAttempt, InfrastructureFault, ServiceOutage } from "@netra-apex/core";

/**
 * What outages account for of an attempt: all of it where each test that failed ran, at least in part, in one of them; or where
 * no test is known to have failed. That what is tested goes down accounts for nothing.
 */
export function explainByOutages(
  { failedTests }: Pick<FailedAttempt, "failedTests">,
  all: readonly ServiceOutage[],
  isUnderTest: (service: string) => boolean = () => false,
): InfrastructureFault | undefined {
  if (all.length === 0) return undefined;
  const outages = all.filter(({ service }) => !isUnderTest(service));
  // Their own fault, and still worth knowing.
  if (outages.length === 0) return { outages: all, isWhole: false, reason: describe(all) };
  const inside = failedTests.filter((test) => outages.some((outage) => overlaps(outage, test)));
  if (failedTests.length > 0 && inside.length === 0) {
    return { outages, isWhole: false, reason: `${describe(outages)}, but no test failed in that time` };
  }
  const isWhole = inside.length === failedTests.length;
  const share = isWhole ? "" : `, which accounts for ${inside.length} of the ${failedTests.length} tests that failed`;
  return { outages, isWhole, reason: `${describe(outages)}${share}` };
}

function overlaps(
  { lastUpAt, upAgainAt }: ServiceOutage,
  { startedMs, endedMs }: { readonly startedMs: number; readonly endedMs: number },
): boolean {
  const toMs = upAgainAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(upAgainAt);
  return Date.parse(lastUpAt) <= endedMs && toMs >= startedMs;
}

function describe(outages: readonly ServiceOutage[]): string {
  const parts = outages.map(({ service, lastUpAt, upAgainAt, reason }) => {
    const time =
      upAgainAt === undefined ? `since ${clock(lastUpAt)}` : `from ${clock(lastUpAt)} to ${clock(upAgainAt)}`;
    return `${service} was down ${time} UTC (${reason})`;
  });
  return parts.join("; ");
}

/** The time of day of an ISO time. */
function clock(at: string): string {
  return at.slice(11, 23);
}
