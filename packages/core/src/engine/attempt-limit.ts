import type { PlanNode } from "../plan/plan.ts";
import { type Deadline, remainingMs, tightest, timedOut } from "./deadline.ts";

/** The signal under which something works, and how to let go of what it listens to. */
export interface AttemptLimit {
  readonly signal: AbortSignal;
  release(): void;
}

/** A signal that follows `parents` and fires at the first of the deadlines, with an `Outcome` as its reason. */
export function limitTime(
  parents: readonly AbortSignal[],
  deadlines: readonly (Deadline | undefined)[],
  node?: PlanNode,
): AttemptLimit {
  const controller = new AbortController();
  const follow = (event: Event): void => controller.abort((event.target as AbortSignal).reason);
  const aborted = parents.find((parent) => parent.aborted);
  if (aborted) controller.abort(aborted.reason);
  else for (const parent of parents) parent.addEventListener("abort", follow, { once: true });
  const cancelTimers = firstOfEachClock(deadlines).map((deadline) =>
    deadline.clock.schedule(remainingMs(deadline), () => controller.abort(timedOut(deadline, ownerOf(deadline, node)))),
  );
  return {
    signal: controller.signal,
    release(): void {
      for (const cancel of cancelTimers) cancel();
      for (const parent of parents) parent.removeEventListener("abort", follow);
    },
  };
}

/** Deadlines on different clocks can overtake each other, because one of the clocks can be stopped. */
function firstOfEachClock(deadlines: readonly (Deadline | undefined)[]): Deadline[] {
  const clocks = new Set(deadlines.flatMap((deadline) => deadline?.clock ?? []));
  return [...clocks].flatMap((clock) => tightest(deadlines.filter((deadline) => deadline?.clock === clock)) ?? []);
}

function ownerOf({ scope }: Deadline, node: PlanNode | undefined): string {
  switch (scope) {
    case "attempt":
    case "category":
      return node?.id ?? scope;
    case "layer":
      return `layer ${node?.layerId}`;
    case "run":
      return "the whole run";
    default:
      return scope satisfies never;
  }
}
