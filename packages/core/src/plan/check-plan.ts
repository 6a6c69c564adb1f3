import { ApexError } from "../apex-error.ts";
import { outcomeStatuses } from "../outcome.ts";
import type { Plan, PlanLayer, PlanNode } from "./plan.ts";
import type { Condition } from "../layers/node-rules.ts";

/** A plan, made by hand or read from somewhere, does not hang together; `problems` lists everything that is wrong. */
export class PlanError extends ApexError {
  readonly code = "APEX_PLAN_INVALID";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("; "), { hint: "definePlan() makes whole plans from sketches" });
    this.problems = problems;
  }
}

/** What is wrong with nodes that an agent wants to add to a layer. */
export function problemsOfNodes(nodes: readonly PlanNode[]): readonly string[] {
  const problems: string[] = [];
  const homes = new Map(nodes.map(({ id, layerId }) => [id, layerId]));
  for (const node of nodes) checkNode(node, homes, (holds, problem) => void (holds || problems.push(problem)));
  return problems;
}

/** Throws `PlanError` for what no graph can say: layers and nodes that do not know each other, and numbers out of range. */
export function checkPlan(plan: Plan): void {
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  check(plan.version === 1, `a plan of version ${String(plan.version)}, and only version 1 is known`);
  check(isCount(plan.maxParallel), "the plan's maxParallel must be a whole number from 1");
  checkTimes(plan, ["budgetMs"], "the plan", check);
  const homes = new Map<string, string>();
  for (const layer of plan.layers) checkLayer(layer, homes, check);
  const ids = new Set(plan.nodes.map(({ id }) => id));
  for (const [id, layer] of homes) check(ids.has(id), `the layer ${layer} lists ${id}, which the plan does not have`);
  for (const node of plan.nodes) checkNode(node, homes, check);
  if (problems.length > 0) throw new PlanError(problems);
}

type Check = (holds: boolean, problem: string) => void;

function checkLayer(layer: PlanLayer, homes: Map<string, string>, check: Check): void {
  check(isName(layer.id), `${JSON.stringify(layer.id)} is no id of a layer`);
  check(isCount(layer.maxParallel), `maxParallel of the layer ${layer.id} must be a whole number from 1`);
  checkTimes(layer, ["budgetMs"], `the layer ${layer.id}`, check);
  for (const id of layer.nodes) {
    check(!homes.has(id), `${id} is in the layers ${homes.get(id)} and ${layer.id}`);
    homes.set(id, layer.id);
  }
}

function checkNode(node: PlanNode, homes: ReadonlyMap<string, string>, check: Check): void {
  const { id, layerId, retry, reserves } = node;
  check(isName(id), `${JSON.stringify(id)} is no id of a node`);
  const home = homes.get(id);
  check(
    home === layerId,
    `${id} says that its layer is ${layerId}, ${home === undefined ? "but no layer lists it" : `but ${home} lists it`}`,
  );
  check(areNames(node.needs), `needs of ${id} must list names of nodes`);
  check(node.mutexes === undefined || areNames(node.mutexes), `mutexes of ${id} must be a list of names`);
  check(node.parts === undefined || areNames(node.parts), `parts of ${id} must list names of nodes`);
  check(
    (node.parts ?? []).every((part) => node.needs.includes(part)),
    `${id} must need its parts`,
  );
  check(
    retry.when === undefined || retry.when === "immediately" || retry.when === "end-isolated",
    `retry.when of ${id} must be immediately or end-isolated`,
  );
  check(
    node.flaky === undefined || node.flaky === "pass" || node.flaky === "fail",
    `flaky of ${id} must be pass or fail`,
  );
  if (node.when) checkCondition(id, node.when, check);
  checkTimes(node, ["timeoutMs", "attemptTimeoutMs"], id, check);
  check(isCount(retry.maxAttempts), `maxAttempts of ${id} must be a whole number from 1`);
  checkTimes(retry.backoff, ["initialMs", "maxMs"], `the backoff of ${id}`, check);
  check(
    Number.isFinite(retry.backoff.factor) && retry.backoff.factor >= 0,
    `the backoff factor of ${id} must not be negative`,
  );
  if (reserves) checkTimes(reserves, ["memoryBytes", "cpus"], `reserves of ${id}`, check);
}

function checkCondition(id: string, when: Condition, check: Check): void {
  const { environments, changed, outcome, check: name } = when;
  check(environments === undefined || areNames(environments), `when.environments of ${id} must be a list of names`);
  check(changed === undefined || areNames(changed), `when.changed of ${id} must be a list of globs`);
  check(name === undefined || isName(name), `when.check of ${id} must be a name`);
  for (const [other, wanted] of Object.entries(outcome ?? {})) {
    const isList = Array.isArray(wanted) && wanted.length > 0 && wanted.every((status) => statuses.has(status));
    check(isList, `when.outcome of ${id} must list outcomes of ${other}, such as ["passed"]`);
  }
}

const statuses: ReadonlySet<unknown> = new Set(outcomeStatuses);

function areNames(value: unknown): boolean {
  return Array.isArray(value) && value.every(isName);
}

/** Numbers that must not be negative, where they are there. */
function checkTimes<Key extends string>(
  of: { readonly [Name in Key]?: number },
  keys: readonly Key[],
  owner: string,
  check: Check,
): void {
  for (const key of keys) {
    const value = of[key];
    check(value === undefined || value >= 0, `${key} of ${owner} must be a number that is not negative`);
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

/** NUL stands before the names of gates in the graph. */
function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}
