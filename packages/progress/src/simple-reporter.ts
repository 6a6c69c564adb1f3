import type { Clock, Reporter, RunEvent } from "@netra-apex/core";
import { ciLine, ciServiceOf, type CiService } from "./ci-groups.ts";
import { Narration, type TextLine } from "./narration.ts";
import { OutputSink } from "./output-sink.ts";
import { heartbeatLine } from "./render/heartbeat.ts";
import { type ReporterOptions, resolveOptions } from "./reporter-options.ts";
import { RunFold } from "./run-view.ts";
import { startTicker } from "./ticker.ts";

const heartbeatMs = 60_000;

/** How often it is looked whether something is waited for. */
const waitingMs = 1_000;

/**
 * For CI and pipes: one line on stdout for a layer that passed, everything that helps for one that did not, and the
 * totals. Progress goes to stderr: a heartbeat each minute, or with `verbose` what every node does and prints.
 */
export function createSimpleReporter(options: ReporterOptions): Reporter {
  return new SimpleReporter(options);
}

class SimpleReporter implements Reporter {
  readonly name = "simple";
  readonly #sinks: Readonly<Record<TextLine["to"], OutputSink>>;
  readonly #narration: Narration;
  readonly #ci: CiService | undefined;
  readonly #clock: Clock;
  readonly #isVerbose: boolean;
  readonly #fold = new RunFold();
  #startedMs = 0;
  #stopHeartbeat = (): void => {};
  #stopWaiting = (): void => {};
  #fault: { readonly thrown: unknown } | undefined;

  constructor(options: ReporterOptions) {
    const resolved = resolveOptions(options);
    this.#sinks = { stdout: new OutputSink(options.stdout), stderr: new OutputSink(options.stderr) };
    this.#ci = ciServiceOf(options.env ?? {});
    this.#narration = new Narration({ ...resolved, ci: this.#ci });
    this.#clock = resolved.clock;
    this.#isVerbose = resolved.verbose;
  }

  onEvent(event: RunEvent): void {
    if (this.#fault) throw this.#fault.thrown;
    this.#fold.apply(event);
    if (event.type === "run_started") this.#start();
    if (event.type === "run_completed") this.#stopTickers();
    this.#write(this.#narration.tell(this.#fold.view, event));
  }

  async close(): Promise<void> {
    this.#stopTickers();
    if (!this.#fault) this.#write(this.#narration.tellEnd(this.#fold.view));
    await Promise.all([this.#sinks.stdout.close(), this.#sinks.stderr.close()]);
  }

  #start(): void {
    this.#startedMs = this.#clock.monotonicMs();
    const onFault = (thrown: unknown): void => void (this.#fault = { thrown });
    this.#stopWaiting = startTicker(this.#clock, waitingMs, {
      onTick: () =>
        this.#write(this.#narration.tellWaiting(this.#fold.view, this.#fold.view.startedAtMs + this.#elapsedMs)),
      onFault,
    });
    if (this.#isVerbose) return;
    this.#stopHeartbeat = startTicker(this.#clock, heartbeatMs, { onTick: () => this.#beat(), onFault });
  }

  #stopTickers(): void {
    this.#stopHeartbeat();
    this.#stopWaiting();
  }

  get #elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startedMs;
  }

  #beat(): void {
    if (this.#fold.view.running.size === 0) return;
    this.#write([{ to: "stderr", text: heartbeatLine(this.#fold.view, this.#elapsedMs) }]);
  }

  #write(lines: readonly TextLine[]): void {
    const isOurs = (text: string): boolean => text.startsWith("##[group]") || text === "##[endgroup]";
    for (const { to, text } of lines) {
      const shown = this.#ci === undefined || isOurs(text) ? text : ciLine(this.#ci, text);
      this.#sinks[to].write(`${shown}\n`);
    }
  }
}
