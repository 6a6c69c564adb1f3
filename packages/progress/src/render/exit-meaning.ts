import { exitCodes } from "@netra-apex/core";

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  passed: "passed",
  failed: "tests failed",
  usage: "usage or configuration error",
  infrastructure: "services or infrastructure unavailable",
  budgetExceeded: "a time budget was exceeded",
  inconclusive: "what ran does not prove what was to be proved",
  nothingRan: "nothing ran",
  bug: "a bug in apex",
};

/** 128 and the number of the signal that ended the run. */
const signalMeanings = new Map([
  [130, "interrupted"],
  [143, "terminated"],
]);

/** What an exit code of `apex` says; undefined for one that is not documented. */
export function exitMeaning(exitCode: number): string | undefined {
  for (const [name, code] of Object.entries(exitCodes)) {
    if (code === exitCode) return meanings[name as keyof typeof exitCodes];
  }
  return signalMeanings.get(exitCode);
}
