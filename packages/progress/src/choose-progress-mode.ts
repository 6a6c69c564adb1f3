import type { OutputEnv } from "./output-stream.ts";

/** How a run shows itself: plain lines, a live terminal, or NDJSON. */
export type ProgressMode = "simple" | "rich" | "json";

/** What decides how progress is shown. */
export interface ProgressModeQuestion {
  /** `--progress-mode`, when it was given; obeyed whatever the environment is. */
  readonly requested?: ProgressMode | undefined;
  /** `--json` was given; it wins, for it promises that stdout is pure. */
  readonly json?: boolean | undefined;
  readonly env: OutputEnv;
  /** Where progress goes. */
  readonly stderr: { readonly isTTY?: boolean };
}

/** Chooses how the run shows itself: what was asked for, else rich on a terminal that can redraw, else simple. */
export function chooseProgressMode({ requested, json, env, stderr }: ProgressModeQuestion): ProgressMode {
  if (json) return "json";
  if (requested) return requested;
  return stderr.isTTY === true && !isCi(env) && env["TERM"] !== "dumb" ? "rich" : "simple";
}

/** Set by CI services that do not set `CI`: Azure Pipelines, Jenkins, TeamCity, AWS CodeBuild. */
const ciVariables = ["TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID"];

/** `CI` is set by nearly every CI service; `false` and `0` are how people unset it. */
function isCi(env: OutputEnv): boolean {
  const value = env["CI"]?.toLowerCase() ?? "";
  if (value === "") return ciVariables.some((name) => env[name]);
  return value !== "false" && value !== "0";
}
