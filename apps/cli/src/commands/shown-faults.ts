import type { Reporter, ReporterReview } from "@netra-apex/core";
import type { ChosenReporters } from "@netra-apex/progress";

/** Knows which faults of reporters the terminal shows already, so that nobody reads them twice. */
export interface ShownFaults {
  /** To be told of the run beside the reporters. */
  readonly listener: Reporter;
  /** What nobody has shown of a review. */
  unshown(review: ReporterReview): ReporterReview;
}

/** Those that tell of the others' faults on stderr, as the last thing that they say. */
const screens = ["simple", "rich"];

/** Follows what the run's screen is told of reporters that were dropped; without a screen, nothing is ever shown. */
export function followShownFaults({ reporters }: Pick<ChosenReporters, "reporters">): ShownFaults {
  const screen = reporters.find(({ name, hasStdout }) => hasStdout && screens.includes(name))?.name;
  const dropped: string[] = [];
  return {
    listener: {
      name: "shown-faults",
      onEvent(event) {
        if (event.type === "reporter_failed") dropped.push(event.reporter);
      },
    },
    unshown({ failures, slow }) {
      // One that is at fault itself may have shown nothing.
      if (screen === undefined || failures.some(({ reporter }) => reporter === screen)) return { failures, slow };
      const shown = [...dropped];
      const isShown = (reporter: string): boolean => {
        const index = shown.indexOf(reporter);
        if (index !== -1) shown.splice(index, 1);
        return index !== -1;
      };
      return { failures: failures.filter(({ reporter, isDropped }) => !isDropped || !isShown(reporter)), slow };
    },
  };
}
