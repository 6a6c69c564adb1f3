import type { Tool } from "../../src/agents/tool.ts";
import type { RunEvent } from "../../src/events/run-event.ts";
import { runPlan } from "../../src/controller/master-controller.ts";
import { definePlan } from "../../src/plan/define-plan.ts";
import { scriptedAgent } from "../../src/testing/agents.ts";
import { EventRecorder } from "../../src/testing/event-recorder.ts";
import { mockTool } from "../../src/testing/mock-tool.ts";
import { meetingOf } from "../rig/meeting.ts";

/** Agents that all users share, as a server would: whatever they kept to themselves would show up with the next user. */
const echo = mockTool<{ token: string }, string>({ name: "echo", answer: ({ token }) => token });
const agent = scriptedAgent<{ token: string }>(
  "shared",
  async ({ token }, context) => {
    context.think(`for ${token}`);
    context.logger.info(`hello ${token}`, { token });
    if (context.node.id === "reads") await context.callTool("meet", {});
    const before = context.state.get("token");
    if (before !== undefined && before !== token) throw new Error(`${token} found ${JSON.stringify(before)}`);
    context.state.set("token", token);
    await context.callTool(echo, { token });
    if (context.node.id === "fails") throw new Error(`no luck, ${token}`);
    if (context.node.id === "adds") context.spawn([{ id: `${token} added`, agent: "shared", input: { token } }]);
    await context.send({ pattern: "parallel", to: ["test-orchestrator"], topic: "status", payload: token });
  },
  // Waiting for all the others is bounded by the test.
  { tools: [echo], limits: { timeoutMs: Number.POSITIVE_INFINITY } },
);

/** What one user got to see. */
export interface UserRun {
  readonly user: string;
  readonly events: readonly RunEvent[];
  readonly text: string;
}

/** A run for each entry, all of them at once: none goes on before the last one has begun. */
export function runsOf(users: readonly string[]): Promise<UserRun[]> {
  const meeting = meetingOf(users.length);
  const meet = mockTool({ name: "meet", answer: () => meeting() });
  return Promise.all(users.map((user) => userRun(user, meet)));
}

/** A run of a user in which the user's name is in everything: input, state, logs, tools, messages, errors, new nodes. */
async function userRun(user: string, meet: Tool): Promise<UserRun> {
  const recorder = new EventRecorder();
  const input = { token: user };
  const nodes = ["reads", "adds", "fails"].map((id) => ({ id, agent: "shared", input }));
  const summary = await runPlan(definePlan({ nodes, maxParallel: 3 }), {
    agents: [agent],
    tools: [meet],
    reporters: [recorder],
    user: { userId: user, threadId: `thread of ${user}` },
  });
  return { user, events: recorder.events, text: JSON.stringify([recorder.events, summary]) };
}

/** Every name that is in a run of somebody else, and every run that says nothing of its own user. */
export function leaksBetween(runs: readonly UserRun[]): string[] {
  const users = [...new Set(runs.map(({ user }) => user))];
  return runs.flatMap(({ user, text, events }) => [
    ...users.filter((other) => other !== user && text.includes(other)).map((other) => `${other} in a run of ${user}`),
    ...(events.every((event) => event.userId === user && event.threadId === `thread of ${user}`)
      ? []
      : [`an event of ${user} without its user`]),
    ...(text.includes(`no luck, ${user}`) && text.includes(`${user} added`)
      ? []
      : [`nothing of ${user} in its own run`]),
  ]);
}
