import type { Category } from "../layers/category.ts";
import type { Layer, Placement } from "../layers/layer.ts";
import { outcomeRefusal, staticRefusal } from "../engine/condition.ts";
import { type CategoryTask, layerExecutionAgentName } from "./category-task.ts";
import type { Plan, PlanNode } from "./plan.ts";
import type { Condition } from "../layers/node-rules.ts";
import { type Selection, SelectionError } from "./selection.ts";
import { shardNodes } from "./shard-nodes.ts";
import { ownValue } from "../config/own-value.ts";

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

/**
 * The plan nodes of a category in its layer: one, or its shards and one that stands for them all. Throws `SelectionError`
 * for what was asked of it and cannot be done.
 */
export function categoryNodes(place: CategoryInPlan): PlanNode[] {
  const node = categoryNode(place);
  const { category, layer, notes } = place;
  const { shards = 1 } = category;
  if (shards === 1 || node.skip || category.agent) return [node];
  const { selectors, shard } = node.input as CategoryTask;
  if (selectors.length > 0 || shard) return [node];
  if (layer.executionMode === "sequential") {
    notes.push(`${category.name} has ${shards} shards, and its layer runs them one after another: it is sequential`);
  }
  return shardNodes(node, shards);
}

function categoryNode({
  layer,
  placement,
  category: written,
  names,
  selection,
  environment,
  notes,
}: CategoryInPlan): PlanNode {
  const evidence = written.evidence ?? layer.evidence;
  const category: Category = evidence === undefined ? written : { ...written, evidence };
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
    ...(layer.flaky === "fail" ? { flaky: layer.flaky } : {}),
    exclusive: category.exclusive,
    ...(reserves === undefined ? {} : { reserves }),
    ...(mutexes === undefined ? {} : { mutexes }),
    ...(failurePolicy === undefined ? {} : { failurePolicy }),
    ...(sla === undefined ? {} : { sla }),
    // A command is held to it by the signs that its run gives; an agent says what it proves.
    ...(category.agent && evidence !== undefined ? { minimumEvidence: evidence } : {}),
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
      : selection.shard
        ? "shard"
        : selection.additionalArgs?.length
          ? "arguments"
          : undefined;
    if (asked !== undefined) {
      throw new SelectionError(`${category.name} is done by the agent ${name}, which takes no ${asked}`);
    }
    return { agent: name, input };
  }
  const { limits, isolation, drainMs } = category;
  const task: Omit<CategoryTask, "command"> & Partial<Pick<CategoryTask, "command">> = {
    category: category.name,
    ...(category.command === undefined ? {} : { command: category.command }),
    ...(category.framework === undefined ? {} : { framework: category.framework }),
    ...(category.report === undefined ? {} : { report: category.report }),
    cwd: category.cwd,
    env: { ...category.env, ...realThings(selection), ...selection.env },
    additionalArgs: selection.additionalArgs ?? [],
    ...selectedTests(category.name, selection),
    ...(selection.shard === undefined ? {} : { shard: selection.shard }),
    ...(selection.coverage === undefined ? {} : { coverage: selection.coverage }),
    ...(category.slowTestMs === undefined ? {} : { slowTestMs: category.slowTestMs }),
    allowNoTests: category.allowNoTests,
    ...(limits === undefined ? {} : { limits }),
    ...(isolation === undefined ? {} : { isolation }),
    ...(drainMs === undefined ? {} : { drainMs }),
    ...authenticityOf(category, selection),
  };
  return { agent: layerExecutionAgentName, input: task };
}

/** What the tests are told of the real things that were asked for. */
function realThings({ realServices, realLlm }: Selection): Record<string, string> {
  return {
    ...(realServices ? { USE_REAL_SERVICES: "true" } : {}),
    ...(realLlm ? { USE_REAL_LLM: "true" } : {}),
  };
}

/**
 * A category that says that it proves something real is held to it, as every category is when real things are asked for, but
 * for one that says that it proves nothing real at all.
 */
function authenticityOf(
  { evidence, minDurationMs, forbidOutput }: Category,
  { realServices = false, realLlm = false }: Selection,
): Pick<CategoryTask, "authenticity"> {
  const isReal = evidence === "live" || evidence === "local-real";
  const isStrict = isReal || ((realServices || realLlm) && evidence !== "mocked");
  return {
    authenticity: {
      ...(evidence === undefined ? {} : { evidence }),
      isStrict,
      ...(minDurationMs === undefined ? {} : { minDurationMs }),
      forbidOutput: forbidOutput ?? [],
    },
  };
}

function selectedTests(
  category: string,
  { selectors, testsOf = {} }: Selection,
): Pick<CategoryTask, "selectors" | "isSelectionOptional"> {
  if (selectors?.length) return { selectors };
  const own = ownValue(testsOf, category) ?? [];
  return own.length === 0 ? { selectors: [] } : { selectors: own, isSelectionOptional: true };
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
