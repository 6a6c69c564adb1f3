import { cleanLine } from "@netra-apex/progress";
import { connect, type ConnectOptions, type KnownRun } from "@netra-apex/progress/client";

/** What a hub is asked for, where that is not all that it has. */
export type Wanted = Pick<ConnectOptions, "thread" | "run">;

/** So many are named; a hub may know hundreds. */
const mostNamed = 8;

/** All runs that a hub knows and shows this reader; undefined where it cannot be asked. Throws for an address that is none. */
export function knownRuns(
  hub: Pick<ConnectOptions, "url" | "token" | "signal">,
): Promise<readonly KnownRun[] | undefined> {
  return new Promise((resolve) => {
    const client = connect({
      ...hub,
      // The hub begins to tell of them at once; which they are is all that is asked.
      onItem: () => undefined,
      onState(state) {
        if (state.kind === "connecting") return;
        resolve(state.kind === "open" ? state.runs : undefined);
        // With a signal that is aborted already, the client says so before it is there.
        queueMicrotask(() => client.close());
      },
    });
  });
}

/** What a person is told who waits for a run that a hub does not know, beside those that it does; undefined: they could not be asked for. */
export function waitingText({ thread, run }: Wanted, known: readonly KnownRun[] | undefined): string {
  const place = thread === undefined ? "" : ` in the thread ${cleanLine(thread, 80)}`;
  const what =
    run === undefined
      ? `a run${place}, of which the hub knows none`
      : `the run ${cleanLine(run, 80)}${place}, which the hub does not know`;
  return `stream  waiting for ${what}${known === undefined ? "" : `; ${listOf(known)}`}`;
}

function listOf(known: readonly KnownRun[]): string {
  if (known.length === 0) return "it shows you no run";
  // Ids sort by the time at which they were made.
  const newestFirst = known.toSorted((one, other) => (one.run < other.run ? 1 : -1));
  const named = newestFirst
    .slice(0, mostNamed)
    .map(({ run, thread }) => `${cleanLine(run, 80)} (thread ${cleanLine(thread, 80)})`);
  const more = known.length - named.length;
  return `it shows you ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
