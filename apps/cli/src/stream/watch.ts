import process from "node:process";
import { ApexError, describeThrown, ReporterFanOut, type RunEvent, type RunId, systemClock } from "@netra-apex/core";
import {
  type ClientState,
  connect,
  type ConnectOptions,
  type KnownRun,
  type RunClient,
  type StreamItem,
  StreamRefusedError,
} from "@netra-apex/progress/client";
import { chosenReporters, openRunReporters, type RunReporters, sayOfReporters } from "../commands/run-reporters.ts";
import type { PastOptions } from "../past/past-options.ts";
import { openHubFiles } from "./hub-file.ts";
import { knownRuns, waitingText } from "./known-runs.ts";
import { tokenFor } from "./stream-token.ts";

/** There is no stream to watch, or no more of it. */
class WatchError extends ApexError {
  readonly code = "APEX_WATCH";
}

/** What was given is no address, or no id. */
class WatchAddressError extends ApexError {
  readonly code = "APEX_ADDRESS";
}

/** What `apex watch` can be asked. */
export type WatchOptions = PastOptions;

/** A hub that was lost for so long does not come back. */
const lostMs = 15_000;
const closeMs = 5_000;
/** As of whatever ends by Ctrl-C. */
const interrupted = 130;

/**
 * `apex watch [URL]`: shows a run that goes on elsewhere through the reporters that show any run. Resolves with that run's exit
 * code, or 130 when the person has seen enough; the run itself does not notice.
 */
export async function watchCommand(given: string | undefined, options: WatchOptions): Promise<number> {
  const chosen = chosenReporters(options);
  for (const flag of ["thread", "run"] as const) {
    if (options[flag] !== "") continue;
    throw new WatchAddressError(`--${flag} was given, but the id is empty`, {
      hint: "is the variable that it comes from set?",
    });
  }
  const url = given ?? onlyHub();
  const token = tokenFor(url);
  const leave = new AbortController();
  const onSignal = (): void => leave.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const { thread, run } = options;
  const hub = { url, signal: leave.signal, ...(token === undefined ? {} : { token }) };
  const wanted = { ...(thread === undefined ? {} : { thread }), ...(run === undefined ? {} : { run }) };
  const isAnyRun = thread === undefined && run === undefined;
  const watched = new WatchedRun(leave, run, async () =>
    isAnyRun ? "stream  waiting for a run" : waitingText(wanted, await knownRuns(hub)),
  );
  const client = follow({ ...hub, ...wanted, onState: (state) => watched.onState(state) });
  const fanOut = new ReporterFanOut({ clock: systemClock });
  let shown: RunReporters | undefined;
  let exitCode: number | undefined;
  try {
    for await (const item of client) {
      if (runOf(item) !== watched.follow(runOf(item))) continue;
      if (!shown) {
        shown = await openRunReporters(chosen, options, { runId: runOf(item), projectRoot: process.cwd() });
        const screen = shown;
        watched.notice = (message) => screen.notice(message);
        for (const reporter of shown.reporters) fanOut.add(reporter);
      }
      for (const event of eventsOf(item)) {
        fanOut.deliver(event);
        if (event.type === "run_completed") exitCode = event.summary.exitCode;
      }
      if (exitCode !== undefined) break;
    }
  } catch (error) {
    throw error instanceof StreamRefusedError ? refused(url, error) : error;
  } finally {
    client.close();
    const review = await fanOut.close(closeMs);
    shown?.release();
    sayOfReporters(review);
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    watched.close();
  }
  if (watched.lost !== undefined) {
    if (!watched.wasOpen) throw new WatchError(`there is no hub at ${url}: ${watched.lost}`);
    if (!shown) throw new WatchError(`no run came: ${watched.lost}`);
    throw new WatchError(`the run is not to be followed any more: ${watched.lost}`, {
      hint: "apex status tells what became of it, where it ran",
    });
  }
  return exitCode ?? interrupted;
}

function follow(options: ConnectOptions): RunClient {
  try {
    return connect(options);
  } catch (error) {
    throw new WatchAddressError(describeThrown(error), { hint: "write it as ws://HOST:PORT", cause: error });
  }
}

function refused(url: string, error: StreamRefusedError): WatchError {
  const hint = error.reason === "unauthorized" ? "its token goes into APEX_WEBSOCKET_TOKEN" : error.hint;
  const message = `the hub at ${url} does not let us in: ${error.message}`;
  return new WatchError(message, { cause: error, ...(hint !== undefined && { hint }) });
}

/** Which run is shown, and whether there is still any hope for it. */
class WatchedRun {
  lost: string | undefined;
  notice = (message: string): void => void process.stderr.write(`${message}\n`);
  readonly #leave: AbortController;
  readonly #whatIsWaitedFor: () => Promise<string>;
  #run: RunId | undefined;
  #giveUp: NodeJS.Timeout | undefined;
  #wasOpen = false;
  #hasCome = false;

  constructor(leave: AbortController, run: RunId | undefined, whatIsWaitedFor: () => Promise<string>) {
    this.#leave = leave;
    this.#run = run;
    this.#whatIsWaitedFor = whatIsWaitedFor;
  }

  /** Whether there was ever anybody to follow. */
  get wasOpen(): boolean {
    return this.#wasOpen;
  }

  /** The newest of those that the hub knew, else the first that comes. */
  follow(run: RunId): RunId {
    this.#run ??= run;
    this.#hasCome ||= this.#run === run;
    return this.#run;
  }

  onState(state: ClientState): void {
    switch (state.kind) {
      case "open":
        this.#run ??= newestOf(state.runs);
        if (this.#giveUp) this.notice("stream  connected again");
        else if (!this.#wasOpen && state.runs.length === 0) void this.#sayWaiting();
        this.#wasOpen = true;
        this.close();
        return;
      case "waiting":
        if (this.#giveUp) return;
        // A person who mistyped an address does not want it tried again.
        if (!this.#wasOpen) {
          this.#end(state.reason);
          return;
        }
        this.notice(`stream  ${state.reason}; trying again`);
        this.#giveUp = setTimeout(() => this.#end(state.reason), lostMs);
        return;
      case "connecting":
      case "paused":
      case "closed":
        return;
      default:
        state satisfies never;
    }
  }

  async #sayWaiting(): Promise<void> {
    const text = await this.#whatIsWaitedFor();
    if (!this.#hasCome && !this.#leave.signal.aborted) this.notice(text);
  }

  #end(reason: string): void {
    this.lost = reason;
    this.#leave.abort();
  }

  close(): void {
    clearTimeout(this.#giveUp);
    this.#giveUp = undefined;
  }
}

function newestOf(runs: readonly KnownRun[]): RunId | undefined {
  // Ids sort by the time at which they were made.
  return runs
    .map(({ run }) => run)
    .toSorted()
    .at(-1);
}

function runOf(item: StreamItem): RunId {
  return item.type === "event" ? item.event.runId : item.run;
}

function eventsOf(item: StreamItem): readonly RunEvent[] {
  return item.type === "event" ? [item.event] : item.events;
}

function onlyHub(): string {
  const hubs = openHubFiles();
  const [only, ...others] = hubs;
  if (!only) {
    throw new WatchError("no run of this user can be followed on this machine", {
      hint: "start one with apex run --websocket-port 0, or name the address of a hub",
    });
  }
  if (others.length > 0) {
    throw new WatchError(`there are ${hubs.length} runs to follow`, {
      hint: `name one: ${hubs.map(({ url }) => `apex watch ${url}`).join(" · ")}`,
    });
  }
  return only.url;
}
