import type { PlanEstimate } from "../estimate/plan-estimate.ts";
import type { LayerId } from "../../ids.ts";
import type { Plan } from "../plan.ts";
import { planDot, planMermaid } from "./plan-graph-text.ts";
import { planText } from "./plan-text.ts";

/** The forms in which a plan can be shown. */
export const planFormats = ["text", "json", "mermaid", "dot"] as const;
/** See {@link planFormats}. */
export type PlanFormat = (typeof planFormats)[number];

/** What is shown with a plan. */
export interface ShowPlanOptions {
  /** What history says of it: times in `text`, a member `estimate` in `json`, the critical path in `mermaid` and `dot`. */
  readonly estimate?: PlanEstimate | undefined;
  /** Layers that the run does not execute itself: it hands them to the background queue. A member `queued` in `json`. */
  readonly queued?: readonly LayerId[] | undefined;
}

/** Renders a plan. `json` is the very object that the engine runs, with the estimate and what is queued where there is any. */
export function showPlan(plan: Plan, format: PlanFormat, { estimate, queued = [] }: ShowPlanOptions = {}): string {
  switch (format) {
    case "text":
      return planText(plan, { estimate, queued });
    case "json":
      return JSON.stringify(
        { ...plan, ...(queued.length > 0 ? { queued } : {}), ...(estimate ? { estimate } : {}) },
        undefined,
        2,
      );
    case "mermaid":
      return planMermaid(plan, estimate?.run?.criticalPath);
    case "dot":
      return planDot(plan, estimate?.run?.criticalPath);
    default:
      return format satisfies never;
  }
}
