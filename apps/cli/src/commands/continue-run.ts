import { type Plan, type RecoveredRun, resumeRun, type RunPlanOptions, type RunSummary } from "@netra-apex/core";

/** Goes on with an interrupted run: what passed is kept where the code is known to be the same, or is not known at all. */
export async function continueRun(recovered: RecoveredRun, plan: Plan, settings: RunPlanOptions): Promise<RunSummary> {
  const inputs = await settings.inputs;
  const fingerprint = inputs === undefined ? {} : { inputFingerprint: inputs.inputFingerprint };
  return resumeRun(recovered, { ...settings, ...fingerprint, plan }).summary;
}
