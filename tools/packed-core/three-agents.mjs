// Three agents: a retry heals the second, conditions decide about the others. Prints the event stream.
import { defineAgent, definePlan, encodeEvent, runPlan } from "@netra-apex/core";

const triage = defineAgent({
  name: "triage",
  execute: async (_, { state }) => state.set("bugs", 3),
});
const data = defineAgent({
  name: "data",
  async execute(_, { node }) {
    if (node.attempt === 1) throw Object.assign(new Error("connection reset"), { code: "ECONNRESET" });
  },
});
const optimization = defineAgent({
  name: "optimization",
  execute: async (_, { measure, state }) => measure("savings", state.get("bugs") * 10, "USD"),
});
const retry = { maxAttempts: 3, on: ["transient"], backoff: { initialMs: 50, jitter: "none" } };
const nodes = [
  { id: "triage", agent: "triage" },
  { id: "data", agent: "data", needs: ["triage"], retry },
  { id: "optimization", agent: "optimization", needs: ["data"], when: { check: "hasBugs" } },
  { id: "cleanup", agent: "triage", when: { outcome: { data: ["failed", "errored"] } } },
];
const { exitCode } = await runPlan(definePlan({ nodes }), {
  agents: [triage, data, optimization],
  conditions: { hasBugs: ({ state }) => state("bugs") > 0 },
  reporters: [{ name: "print", onEvent: (event) => console.log(encodeEvent(event)) }],
});
process.exitCode = exitCode;
