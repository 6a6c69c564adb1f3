import { type AlertRule, parseAlertRule } from "../controller/alerts.ts";
import type { ConfigProblem } from "./problem.ts";
import type { Locate } from "./rules.ts";
import { parseDuration } from "./units.ts";
import type { WrittenConfig } from "./written-config.ts";

/** What is watched during a run. */
export interface Monitoring {
  readonly alerts: readonly AlertRule[];
  /** Milliseconds between two heartbeats. */
  readonly heartbeatMs?: number;
  /** Milliseconds between two samples of memory, CPU and disk. */
  readonly sampleMs?: number;
}

/** Reads `monitoring:`; what is wrong with its rules comes with the place of the offending word. */
export function readMonitoring(
  { alerts = [], heartbeat_interval, sample_interval }: NonNullable<WrittenConfig["monitoring"]>,
  problem: Locate,
): { readonly monitoring: Monitoring; readonly problems: readonly ConfigProblem[] } {
  const rules: AlertRule[] = [];
  const problems: ConfigProblem[] = [];
  for (const [index, { when, notify }] of alerts.entries()) {
    const read = parseAlertRule(when, notify ?? ["log"]);
    if ("rule" in read) {
      rules.push(read.rule);
      continue;
    }
    const { message, hint, offset } = read.problem;
    const at = offset === 0 ? "" : ` (at character ${offset + 1})`;
    problems.push(problem(`no alert rule: ${message}${at}`, ["monitoring", "alerts", index, "when"], hint));
  }
  const heartbeatMs = heartbeat_interval === undefined ? undefined : parseDuration(heartbeat_interval);
  const sampleMs = sample_interval === undefined ? undefined : parseDuration(sample_interval);
  return {
    monitoring: {
      alerts: rules,
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      ...(sampleMs === undefined ? {} : { sampleMs }),
    },
    problems,
  };
}
