import type { Plan } from "../plan.ts";
import { planDot, planMermaid } from "./plan-graph-text.ts";
import { planText } from "./plan-text.ts";

/** The forms in which a plan can be shown. */
export const planFormats = ["text", "json", "mermaid", "dot"] as const;
/** See {@link planFormats}. */
export type PlanFormat = (typeof planFormats)[number];

/** Renders a plan. `json` is the very object that the engine runs. */
export function showPlan(plan: Plan, format: PlanFormat): string {
  switch (format) {
    case "text":
      return planText(plan);
    case "json":
      return JSON.stringify(plan, undefined, 2);
    case "mermaid":
      return planMermaid(plan);
    case "dot":
      return planDot(plan);
    default:
      return format satisfies never;
  }
}
