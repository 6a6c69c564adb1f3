import type { Agent } from "../agents/agent.ts";
import type { EventStream } from "../events/event-stream.ts";
import { isolateReporter } from "../events/isolate-reporter.ts";
import type { Reporter } from "../events/reporter.ts";

/**
 * Lets agents see the events of a run that want to, and their reporters write them. They get copies, for a plugin must not change a
 * verdict; but for those that say that they leave events alone, as apex' own do: some of these see every event of every run.
 */
export function subscribeAgents(stream: EventStream, agents: readonly Agent[]): void {
  for (const agent of agents) {
    const subscribe = (reporter: Reporter): void =>
      stream.subscribe(agent.leavesEventsAlone ? reporter : isolateReporter(reporter));
    if (agent.onEvent) subscribe({ name: agent.name, onEvent: (event) => agent.onEvent?.(event) });
    const reporter = reporterOf(agent);
    if (reporter) subscribe(reporter);
  }
}

/** The agent's reporter for this run. One that cannot be made fails as one that is made does: it is dropped and named. */
function reporterOf(agent: Agent): Reporter | undefined {
  try {
    return agent.createReporter?.();
  } catch (error) {
    return {
      name: agent.name,
      onEvent: () => {
        throw error;
      },
    };
  }
}
