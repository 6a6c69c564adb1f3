import type { Agent } from "../agents/agent.ts";
import { describeThrown } from "../apex-error.ts";
import { type Clock, delay } from "../clock.ts";
import type { Outcome } from "../outcome.ts";

/** Asks all agents that want to be asked about a run; the first that objects to a pass decides. Never rejects. */
export async function reviewRun(
  outcome: Outcome,
  agents: readonly Agent[],
  { clock, graceMs }: { readonly clock: Clock; readonly graceMs: number },
): Promise<Outcome> {
  const asked = agents.filter((agent) => agent.reviewRun !== undefined);
  if (asked.length === 0) return outcome;
  const answers = await Promise.all(asked.map((agent) => review(agent, outcome, clock, graceMs)));
  const objection = answers.find((answer) => answer !== undefined);
  return outcome.status === "passed" && objection ? objection : outcome;
}

async function review(agent: Agent, outcome: Outcome, clock: Clock, graceMs: number): Promise<Outcome | undefined> {
  const over = new AbortController();
  const late = delay(clock, graceMs, over.signal).then(
    () => inconclusive(agent, "did not come to an end"),
    () => undefined,
  );
  try {
    return await Promise.race([(async () => agent.reviewRun?.(outcome))(), late]);
  } catch (error) {
    return inconclusive(agent, `broke: ${describeThrown(error)}`);
  } finally {
    over.abort();
  }
}

/** What was to be looked at was not. */
function inconclusive({ name }: Agent, what: string): Outcome {
  return { status: "inconclusive", reason: `the review of the run by the agent ${name} ${what}` };
}
