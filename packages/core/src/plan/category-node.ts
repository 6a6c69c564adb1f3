import type { Category } from "../layers/category.ts";
import type { Layer, Placement } from "../layers/layer.ts";
import { outcomeRefusal, staticRefusal } from "../engine/condition.ts";
import { type CategoryTask, layerExecutionAgentName } from "./category-task.ts";
import type { Plan, PlanNode } from "./plan.ts";
import type { Condition } from "../layers/node-rules.ts";
import { type Selection, SelectionError } from "./selection.ts";

interface CategoryInPlan {
  readonly layer: Layer;
  readonly placement: Placement;
  readonly category: Category;
  /** All categories of the plan. */
  readonly names: ReadonlySet<string>;
  readonly selection: Selection;
  readonly environment: string;
  /** Takes what a reader of the plan must know. */
  readonly notes: string[];
}

/** The plan node of a category in its layer. Throws `SelectionError` for what was asked of it and cannot be done. */
export function categoryNode({
  layer,
  placement,
  category,
  names,
  selection,
  environment,
  notes,
}: CategoryInPlan): PlanNode {
  const { name, reserves, mutexes, failurePolicy, sla, attemptTimeoutMs } = category;
  const timeoutMs = placement.timeoutMs ?? category.timeoutMs;
  const asked = [...category.needs, ...Object.keys(category.when?.outcome ?? {})];
  const left = [...new Set(asked)].filter((need) => !names.has(need));
  if (left.length > 0) notes.push(`${name} needs ${left.join(", ")}, which this selection leaves out: taken as passed`);
  const when = category.when && conditionInPlan(category.when, names);
  const skip = skipOf(category, { environment, ...changedFilesOf(selection) }, names);
  return {
    id: name,
    layerId: layer.id,
    ...workOf(category, selection),
    needs: category.needs.filter((need) => names.has(need)),
    ...(when === undefined ? {} : { when }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs }),
    retry: category.retry,
    exclusive: category.exclusive,
    ...(reserves === undefined ? {} : { reserves }),
    ...(mutexes === undefined ? {} : { mutexes }),
    ...(failurePolicy === undefined ? {} : { failurePolicy }),
    ...(sla === undefined ? {} : { sla }),
    ...(skip === undefined ? {} : { skip }),
  };
}

/** The changed files of a selection, in the form in which a plan has them. */
export function changedFilesOf({ changedFiles }: Selection): Pick<Plan, "changedFiles"> {
  return changedFiles === undefined ? {} : { changedFiles };
}

/** Why it is known before the start that a category will not run. */
function skipOf(
  { command, agent, when }: Category,
  plan: Pick<Plan, "environment" | "changedFiles">,
  names: ReadonlySet<string>,
): PlanNode["skip"] {
  if (!command && !agent) return { cause: "not-configured", reason: "not configured" };
  const reason = when && (staticRefusal(when, plan) ?? leftOutRefusal(when, names));
  return reason === undefined ? undefined : { cause: "condition", reason };
}

/** Who does the work of a category, and what it gets. */
function workOf(category: Category, selection: Selection): Pick<PlanNode, "agent" | "input"> {
  if (category.agent) {
    const { name, input } = category.agent;
    const asked = selection.selectors?.length
      ? "single tests"
      : selection.additionalArgs?.length
        ? "arguments"
        : undefined;
    if (asked !== undefined) {
      throw new SelectionError(`${category.name} is done by the agent ${name}, which takes no ${asked}`);
    }
    return { agent: name, input };
  }
  const task: Omit<CategoryTask, "command"> & Partial<Pick<CategoryTask, "command">> = {
    category: category.name,
    ...(category.command === undefined ? {} : { command: category.command }),
    ...(category.framework === undefined ? {} : { framework: category.framework }),
    ...(category.report === undefined ? {} : { report: category.report }),
    cwd: category.cwd,
    env: { ...category.env, ...selection.env },
    additionalArgs: selection.additionalArgs ?? [],
    selectors: selection.selectors ?? [],
    allowNoTests: category.allowNoTests,
  };
  return { agent: layerExecutionAgentName, input: task };
}

/** What is not part of the plan counts as passed, in a condition as in needs: it may be what keeps the category from running. */
function leftOutRefusal({ outcome = {} }: Condition, names: ReadonlySet<string>): string | undefined {
  const left = Object.entries(outcome).filter(([id]) => !names.has(id));
  return outcomeRefusal({ outcome: Object.fromEntries(left) }, () => undefined);
}

/** A condition waits only for what is in the plan; the rest counts as passed, as it does for needs. */
function conditionInPlan(condition: Condition, names: ReadonlySet<string>): Condition {
  if (!condition.outcome) return condition;
  const asked = Object.entries(condition.outcome).filter(([id]) => names.has(id));
  return { ...condition, outcome: Object.fromEntries(asked) };
}
