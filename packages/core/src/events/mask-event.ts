import { maskData } from "../mask.ts";
import type { Plan, PlanNode } from "../plan/plan.ts";
import type { RunEventBody } from "./run-event.ts";

/** Fields whose values decide or name something; folds and reporters rely on them. */
const kept: ReadonlySet<string> = new Set(
  `type status cause by deadline failureClass signal kind runMode environment nodeId layerId runId agent tool framework
  category scope isolation enforcement executionMode failurePolicy flaky when on jitter level pattern from to topic rule notify
  reporter version at seq needs gates assumed spawnedBy parts partOf keptFrom`.split(/\s+/),
);

/** An event with its human texts masked: messages, titles, outputs, commands, inputs. Names and verdicts stay. */
export function maskEvent(event: RunEventBody, mask: (text: string) => string): RunEventBody {
  switch (event.type) {
    case "run_started": {
      const command = event.command?.map(mask);
      return { ...event, plan: maskPlan(event.plan, mask), ...(command ? { command } : {}) };
    }
    case "plan_extended":
      return { ...event, nodes: maskInputs(event.nodes, mask) };
    case "inputs_identified":
    case "run_state_changed":
    case "layer_started":
    case "node_started":
      return event;
    default:
      return maskFields(event, mask);
  }
}

/** A plan as `run_started` tells it. */
export function maskPlan(plan: Plan, mask: (text: string) => string): Plan {
  return { ...plan, nodes: maskInputs(plan.nodes, mask), notes: plan.notes.map(mask) };
}

function maskInputs(nodes: readonly PlanNode[], mask: (text: string) => string): PlanNode[] {
  return nodes.map((node) => ({ ...node, input: maskFields(node.input, mask) }));
}

function maskFields<Data>(data: Data, mask: (text: string) => string): Data {
  return maskData(data, mask, (key) => kept.has(key));
}
