// Three agents in one plan: a retry heals the second, a condition decides about the third. Prints the event stream.
import { defineAgent, definePlan, encodeEvent, runPlan } from "@netra-apex/core";

const triage = defineAgent({
  name: "triage",
  execute: async (_, { state }) => state.set("bugs", 3),
});
const data = defineAgent({
  name: "data",
  async execute(_, { node, think }) {
    think(`attempt ${node.attempt}`);
    if (node.attempt === 1) throw Object.assign(new Error("connection reset"), { code: "ECONNRESET" });
  },
});
const optimization = defineAgent({
  name: "optimization",
  execute: async (_, { measure, state }) => measure("savings", Number(state.get("bugs")) * 10, "USD"),
});

const retry = { maxAttempts: 3, on: ["transient"], backoff: { initialMs: 50, jitter: "none" } };
const nodes = [
  { id: "triage", agent: "triage" },
  { id: "data", agent: "data", needs: ["triage"], retry },
  { id: "optimization", agent: "optimization", needs: ["data"], when: { check: "hasBugs" } },
];
const { exitCode } = await runPlan(definePlan({ nodes }), {
  agents: [triage, data, optimization],
  conditions: { hasBugs: ({ state }) => state("bugs") > 0 },
  reporters: [{ name: "print", onEvent: (event) => console.log(encodeEvent(event)) }],
});
process.exitCode = exitCode;
