import { type Plan, type RecoveredRun, resumeRun, type RunPlanOptions, type RunSummary } from "@netra-apex/core";

/** What the command line says of keeping passes. */
export interface ContinueOptions {
  /** The person vouches for it that nothing that matters has changed. */
  readonly assumeUnchanged: boolean;
  readonly say: (line: string) => void;
}

/**
 * Goes on with an interrupted run. What passed is kept where the code is known to be the same; where it is not, or nobody can
 * tell, all of it runs again, and that is said.
 */
export async function continueRun(
  recovered: RecoveredRun,
  plan: Plan,
  settings: RunPlanOptions,
  { assumeUnchanged, say }: ContinueOptions,
): Promise<RunSummary> {
  const before = recovered.inputFingerprint;
  const now = (await settings.inputs)?.inputFingerprint;
  if (assumeUnchanged) {
    return resumeRun({ ...recovered, inputFingerprint: "assumed" }, { ...settings, inputFingerprint: "assumed", plan })
      .summary;
  }
  const reason = reasonToRepeat(before, now);
  if (reason !== undefined && recovered.kept.size > 0)
    say(`${reason}: everything runs again (--assume-unchanged keeps passes)`);
  const kept = reason === undefined ? recovered : { ...recovered, kept: new Map() };
  return resumeRun(kept, { ...settings, ...(now === undefined ? {} : { inputFingerprint: now }), plan }).summary;
}

function reasonToRepeat(before: string | undefined, now: string | undefined): string | undefined {
  if (before === undefined)
    return "nobody can tell what code that run was about (it was in no git repository, or ended before git had answered)";
  if (now === undefined) return "nobody can tell whether the code is the same, without git";
  return before === now ? undefined : "the code has changed since";
}
