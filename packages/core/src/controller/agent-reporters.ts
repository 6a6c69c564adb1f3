import type { Agent } from "../agents/agent.ts";
import type { EventStream } from "../events/event-stream.ts";
import { isolateReporter } from "../events/isolate-reporter.ts";
import type { Reporter } from "../events/reporter.ts";

/** Lets agents see the events of a run that want to, and their reporters write them: copies, for a plugin must not change a verdict. */
export function subscribeAgents(stream: EventStream, agents: readonly Agent[]): void {
  for (const agent of agents) {
    if (agent.onEvent) {
      stream.subscribe(isolateReporter({ name: agent.name, onEvent: (event) => agent.onEvent?.(event) }));
    }
    const reporter = reporterOf(agent);
    if (reporter) stream.subscribe(isolateReporter(reporter));
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
