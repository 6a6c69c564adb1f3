import { stripVTControlCharacters } from "node:util";
import type { TestResult } from "@netra-apex/core";

/** Texts of failures go through the events and stay in memory; the log file has the whole. */
const longestMessage = 2_000;
const longestDetails = 16_000;

/** The texts of a failing test, without colours and of bounded length. `message` is the first lines, `details` everything. */
export function failureText(message: string, details = message): Pick<TestResult, "message" | "details"> {
  const plainMessage = plain(message, longestMessage);
  const plainDetails = plain(details, longestDetails);
  return {
    ...(plainMessage === "" ? {} : { message: plainMessage }),
    ...(plainDetails === "" || plainDetails === plainMessage ? {} : { details: plainDetails }),
  };
}

/** A readable text without control sequences, cut where it gets too long. */
function plain(text: string, longest: number): string {
  const stripped = stripVTControlCharacters(text.slice(0, longest * 4)).trim();
  return stripped.length <= longest ? stripped : `${stripped.slice(0, longest)} …`;
}
