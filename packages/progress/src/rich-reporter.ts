import type { Clock, Reporter, RunEvent } from "@netra-apex/core";
import { LiveScreen } from "./live-screen.ts";
import { Narration, type TextLine } from "./narration.ts";
import { OutputSink } from "./output-sink.ts";
import { liveRegion } from "./render/live-region.ts";
import type { Palette } from "./render/palette.ts";
import { type ReporterOptions, resolveOptions } from "./reporter-options.ts";
import { RunFold } from "./run-view.ts";
import { startTicker } from "./ticker.ts";

/** Ten frames a second: smooth for the eye, and nothing for the terminal. */
const tickMs = 100;

/**
 * For a terminal: the lines of the simple reporter scroll up and stay, and a region below them shows what runs now.
 * There is no alternate screen, so copying and scrolling work. `log-update` is loaded only here.
 */
export async function createRichReporter(options: ReporterOptions): Promise<Reporter> {
  const { createLogUpdate } = await import("log-update");
  return new RichReporter(options, new LiveScreen(options.stderr, createLogUpdate));
}

class RichReporter implements Reporter {
  readonly name = "rich";
  readonly #screen: LiveScreen;
  readonly #sinks: Readonly<Record<TextLine["to"], OutputSink>>;
  readonly #narration: Narration;
  readonly #clock: Clock;
  readonly #palette: Palette;
  /** Lines that the next frame puts above the region. */
  #pending: TextLine[] = [];
  readonly #fold = new RunFold();
  /** What stands above the region is an empty line, or nothing. */
  #isBelowBlank = true;
  #receivedMs = 0;
  #tick = 0;
  #stopTicker: (() => void) | undefined;
  #fault: { readonly thrown: unknown } | undefined;

  constructor(options: ReporterOptions, screen: LiveScreen) {
    const resolved = resolveOptions(options);
    this.#screen = screen;
    this.#sinks = { stdout: new OutputSink(options.stdout), stderr: new OutputSink(options.stderr) };
    this.#narration = new Narration(resolved);
    this.#clock = resolved.clock;
    this.#palette = resolved.palettes.stderr;
  }

  onEvent(event: RunEvent): void {
    if (this.#fault) throw this.#fault.thrown;
    try {
      this.#fold.apply(event);
      this.#receivedMs = this.#clock.monotonicMs();
      this.#pending.push(...this.#narration.tell(this.#fold.view, event));
      if (event.type === "run_started") this.#startTicking();
      if (event.type === "run_completed") this.#leaveScreen();
      if (!this.#stopTicker) this.#flush();
    } catch (thrown) {
      this.#giveUp(thrown);
      throw thrown;
    }
  }

  notice(message: string): void {
    this.#pending.push({ to: "stderr", text: message });
    if (!this.#stopTicker) this.#flush();
  }

  async close(): Promise<void> {
    if (!this.#fault) {
      this.#pending.push(...this.#narration.tellEnd(this.#fold.view));
      this.#leaveScreen();
      this.#flush();
    }
    await Promise.all([this.#sinks.stdout.close(), this.#sinks.stderr.close()]);
  }

  #startTicking(): void {
    this.#stopTicker ??= startTicker(this.#clock, tickMs, {
      onTick: () => this.#drawFrame(),
      onFault: (thrown) => this.#giveUp(thrown),
    });
  }

  #drawFrame(): void {
    if (this.#pending.length > 0) {
      this.#screen.erase();
      this.#flush();
    }
    if (this.#sinks.stderr.isGone) return;
    // Time goes on from the latest event, so that a replay of an old run shows the times of that run.
    const nowMs = this.#fold.view.atMs + this.#clock.monotonicMs() - this.#receivedMs;
    const { columns, rows } = this.#screen;
    this.#tick += 1;
    const region = liveRegion(this.#fold.view, { nowMs, tick: this.#tick, columns, rows, palette: this.#palette });
    this.#screen.draw(region.length > 0 && !this.#isBelowBlank ? ["", ...region] : region);
  }

  #flush(): void {
    for (const { to, text } of this.#pending.splice(0)) {
      this.#sinks[to].write(`${text}\n`);
      this.#isBelowBlank = text === "";
    }
  }

  #leaveScreen(): void {
    this.#stopTicker?.();
    this.#stopTicker = undefined;
    if (!this.#sinks.stderr.isGone) this.#screen.close();
  }

  /** Keeps the fault for the next event, which is where it can be told, and gives the terminal back. */
  #giveUp(thrown: unknown): void {
    this.#fault ??= { thrown };
    try {
      this.#leaveScreen();
    } catch {
      // The terminal itself is what failed: the first fault says so.
    }
  }
}
