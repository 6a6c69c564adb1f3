import type { JSX } from "preact";
import type { ClientState } from "../../client/index.ts";
import { cleanLine } from "../../render/clean-text.ts";
import { readPlace } from "../model/place.ts";
import type { PageRun } from "../model/page-run.ts";
import type { AppState } from "./app-state.ts";

/** Whether what is shown is live, in a word, with what there is to know about it. */
export function ConnectionNote({
  app,
  run,
}: {
  readonly app: AppState;
  readonly run: PageRun | undefined;
}): JSX.Element {
  const { tone, word, more } = connectionText(app, run);
  return (
    <span class={`connection ${tone}`} title={more}>
      <span class="dot" aria-hidden="true" />
      {word}
    </span>
  );
}

/** What a reader is to know of the connection, in words. */
export interface ConnectionText {
  readonly tone: "good" | "warn" | "idle" | "bad";
  readonly word: string;
  readonly more: string;
  /** Whether it has to be said in full on the page. */
  readonly isGrave: boolean;
}

/** The words for how the page stands with the hub. */
export function connectionText({ connection, wasOpen }: AppState, run: PageRun | undefined): ConnectionText {
  const isOver = run?.view.summary !== undefined;
  const kept = run?.view.plan ? "What is shown stays." : "";
  switch (connection.kind) {
    case "open":
      return isOver
        ? { tone: "idle", word: "run is over", more: "connected; the run has ended", isGrave: false }
        : { tone: "good", word: "live", more: "connected", isGrave: false };
    case "connecting":
      return { tone: "warn", word: wasOpen ? "reconnecting" : "connecting", more: kept, isGrave: false };
    case "paused":
      return { tone: "warn", word: "catching up", more: kept, isGrave: false };
    case "waiting": {
      const seconds = Math.max(0, Math.ceil((connection.untilMs - Date.now()) / 1_000));
      const more = wasOpen ? goneText(connection, { isOver, kept }) : neverOpen;
      if (isOver) return { tone: "idle", word: "run is over", more, isGrave: false };
      return { tone: "warn", word: `reconnecting in ${seconds} s`, more, isGrave: true };
    }
    case "closed": {
      const refusal = connection.error?.reason;
      if (isOver) return { tone: "idle", word: "run is over", more: notLetIn, isGrave: false };
      if (refusal === "unauthorized") {
        return { tone: "bad", word: "not let in", more: `${notLetIn} ${kept}`.trim(), isGrave: true };
      }
      const reason = connection.error ? cleanLine(connection.error.message) : "closed";
      const hint = connection.error?.hint === undefined ? "" : ` ${cleanLine(connection.error.hint)}`;
      return { tone: "bad", word: "not connected", more: `${reason}.${hint} ${kept}`.trim(), isGrave: true };
    }
    default:
      return connection satisfies never;
  }
}

const neverOpen = "The server does not answer. It is tried again until it does.";

/** Its link is used up, or of another run. */
const notLetIn = "This page is not let in: open the link that apex printed.";

function goneText(
  { reason }: Extract<ClientState, { kind: "waiting" }>,
  { isOver, kept }: { readonly isOver: boolean; readonly kept: string },
): string {
  if (isOver) return "The server is gone; the run had ended before.";
  return `The server is gone (${cleanLine(reason, 120)}). It is tried again until it is back. ${kept}`.trim();
}

/** Where there is nothing to show yet: what is waited for. */
export function nothingYet(app: AppState): string {
  const { thread, run } = readPlace(location.hash);
  const what = run === undefined ? (thread === undefined ? "a run" : `a run of thread ${thread}`) : `run ${run}`;
  return app.connection.kind === "open" ? `Waiting for ${cleanLine(what, 120)} to begin …` : "Not connected yet …";
}
