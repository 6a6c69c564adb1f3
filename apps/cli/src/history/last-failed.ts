import { type Config, isConfigured, type Selection, SelectionError, type TestSelector } from "@netra-apex/core";
import { type CategoryState, storeDirectory } from "@netra-apex/store";
import { withStore } from "./with-store.ts";

type States = Readonly<Record<string, CategoryState>>;

/** What `--last-failed` comes to: a selection, or nothing to run and why. */
export type LastFailed =
  | { readonly selection: Pick<Selection, "categories" | "testsOf"> & Pick<Selection, "layers"> }
  | { readonly nothing: readonly string[] };

/**
 * The failed tests, and the categories that failed as a whole, of what a selection asks for; all categories where it names
 * none. Throws `SelectionError` where there is no last run or the selection asks for something else, too, and `StoreError`
 * for a history that cannot be used.
 */
export async function chooseLastFailed(config: Config, selection: Selection): Promise<LastFailed> {
  refuseOtherChoices(selection);
  const directory = storeDirectory(config);
  const states = await openStates(directory, config.environment);
  if (!states) {
    throw new SelectionError(`there is no last run in the environment ${config.environment} (${directory})`, {
      hint: "run apex once without --last-failed",
    });
  }
  const open = Object.entries(states).filter(([name]) => isConfigured(config.categories.get(name)));
  const asked = open.filter(([name]) => isAsked(name, config, selection));
  const failed = asked.filter(([, { state }]) => state !== "unproved");
  if (failed.length === 0) {
    const which =
      selection.categories?.length || selection.layers?.length ? "of what was asked for, nothing" : "nothing";
    return { nothing: [`${which} failed when it ran last`, ...openLines(Object.fromEntries(open), new Set())] };
  }
  const testsOf: Record<string, readonly TestSelector[]> = {};
  for (const [name, state] of failed) if (state.state === "tests-failed") testsOf[name] = state.tests;
  return { selection: { categories: failed.map(([name]) => name), testsOf, layers: selection.layers ?? [] } };
}

async function openStates(directory: string, environment: string): Promise<States | undefined> {
  // A run that was killed has left something open, too.
  return withStore({ directory }, (store) => store.openState(environment));
}

/** What is still open after a run of what had failed: what failed again, and what is not proved. `ran` names what was run. */
export function openLines(open: States, ran: ReadonlySet<string>): string[] {
  const entries = Object.entries(open);
  const failing = entries.filter(([name, { state }]) => state !== "unproved" && ran.has(name));
  const unproved = entries.filter((entry) => !failing.includes(entry));
  const list = (states: readonly (readonly [string, CategoryState])[]): string =>
    states.map(([name, state]) => `${name} (${describe(state, ran.has(name))})`).join(", ");
  if (entries.length === 0) return ran.size > 0 ? ["nothing is left unproved"] : [];
  return [
    ...(failing.length > 0 ? [`still failing: ${list(failing)}`] : []),
    ...(unproved.length > 0 ? [`still unproved: ${list(unproved)}`] : []),
  ];
}

function describe(state: CategoryState, hasRun: boolean): string {
  const before = hasRun ? "" : ", not run again";
  if (state.state !== "tests-failed") return state.reason + (state.state === "failed" ? before : "");
  const { length } = state.tests;
  return `${length} ${length === 1 ? "test" : "tests"}${hasRun ? "" : " failed"}${before}`;
}

function refuseOtherChoices({ selectors, shard, runMode }: Selection): void {
  const other = selectors?.length
    ? "--test-file"
    : shard
      ? "--shard"
      : runMode === undefined
        ? undefined
        : "--execution-mode";
  if (other === undefined) return;
  throw new SelectionError(`--last-failed chooses the tests itself, and so does ${other}`, {
    hint: "give one of them; categories and layers may be named beside --last-failed",
  });
}

/** Beside --last-failed, categories and layers narrow it down. */
function isAsked(name: string, config: Config, { categories = [], layers = [] }: Selection): boolean {
  if (categories.length > 0 && !categories.includes(name)) return false;
  if (layers.length === 0) return true;
  return layers.some((id) => config.layers.get(id)?.placements.some(({ category }) => category === name));
}
