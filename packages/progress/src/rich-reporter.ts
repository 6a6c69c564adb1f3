import type { Clock, Reporter, RunEvent } from "@netra-apex/core";
import { LiveScreen } from "./live-screen.ts";
import { Narration, type TextLine } from "./narration.ts";
import { OutputSink } from "./output-sink.ts";
import { cleanLine } from "./render/clean-text.ts";
import { liveRegion } from "./render/live-region.ts";
import type { Palette } from "./render/palette.ts";
import { noProgress, progressSequence, showsProgress } from "./render/terminal-progress.ts";
import { type ReporterOptions, resolveOptions } from "./reporter-options.ts";
import { RunFold, type RunView } from "./run-view.ts";
import { watchTerminal } from "./terminal-watch.ts";
import { startTicker } from "./ticker.ts";

/** Ten frames a second: smooth for the eye, and nothing for the terminal. */
const tickMs = 100;

/**
 * For a terminal: the lines of the simple reporter scroll up and stay, and a region below them shows what runs now.
 * There is no alternate screen, so copying and scrolling work.
 */
export function createRichReporter(options: ReporterOptions): Reporter {
  return new RichReporter(options, new LiveScreen(options.stderr, options.env ?? {}));
}

class RichReporter implements Reporter {
  readonly name = "rich";
  readonly #options: ReporterOptions;
  readonly #screen: LiveScreen;
  readonly #sinks: Readonly<Record<TextLine["to"], OutputSink>>;
  readonly #narration: Narration;
  readonly #clock: Clock;
  readonly #palette: Palette;
  readonly #showsProgress: boolean;
  readonly #fold = new RunFold();
  /** Lines that the next frame puts above the region. */
  #pending: TextLine[] = [];
  /** What stands above the region is an empty line, or nothing. */
  #isBelowBlank = true;
  #progress = "";
  #receivedMs = 0;
  #tick = 0;
  #stopDrawing: (() => void) | undefined;
  #fault: { readonly thrown: unknown } | undefined;

  constructor(options: ReporterOptions, screen: LiveScreen) {
    const resolved = resolveOptions(options);
    this.#options = options;
    this.#screen = screen;
    this.#sinks = { stdout: new OutputSink(options.stdout), stderr: new OutputSink(options.stderr) };
    this.#narration = new Narration({ ...resolved, failures: "at-once" });
    this.#clock = resolved.clock;
    this.#palette = resolved.palettes.stderr;
    this.#showsProgress = options.stderr.isTTY === true && showsProgress(options.env ?? {});
  }

  onEvent(event: RunEvent): void {
    if (this.#fault) throw this.#fault.thrown;
    try {
      this.#fold.apply(event);
      this.#receivedMs = this.#clock.monotonicMs();
      this.#pending.push(...this.#narration.tell(this.#view, event));
      if (event.type === "run_started") this.#startDrawing();
      if (event.type === "run_completed") this.#leaveScreen();
      if (!this.#stopDrawing) this.#flush();
    } catch (thrown) {
      this.#giveUp(thrown);
      throw thrown;
    }
  }

  notice(message: string): void {
    this.#pending.push({ to: "stderr", text: message });
    if (!this.#stopDrawing) this.#flush();
  }

  async close(): Promise<void> {
    if (!this.#fault) {
      this.#pending.push(...this.#narration.tellEnd(this.#view));
      this.#leaveScreen();
      this.#flush();
    }
    await Promise.all([this.#sinks.stdout.close(), this.#sinks.stderr.close()]);
  }

  get #view(): RunView {
    return this.#fold.view;
  }

  #startDrawing(): void {
    if (this.#stopDrawing) return;
    const draw = (): void => {
      try {
        this.#drawFrame();
      } catch (thrown) {
        this.#giveUp(thrown);
      }
    };
    const stopTicker = startTicker(this.#clock, tickMs, {
      onTick: () => {
        this.#tick += 1;
        this.#drawFrame();
      },
      onFault: (thrown) => this.#giveUp(thrown),
    });
    const redraw = (): void => {
      this.#screen.unsettle();
      draw();
    };
    const stopWatch = watchTerminal(this.#options.stderr, { redraw, leave: () => this.#giveScreenBack() });
    this.#stopDrawing = () => {
      stopTicker();
      stopWatch();
    };
  }

  #drawFrame(): void {
    if (this.#sinks.stderr.isGone) {
      this.#flush();
      return;
    }
    this.#screen.measure();
    // Lines that go elsewhere are no reason to touch the screen.
    const hasLines = this.#pending.some(({ to }) => this.#isOnTerminal(to));
    if (!hasLines) this.#flush();
    const isBelowBlank = this.#isBelowBlankAfter(this.#pending);
    const region = this.#region();
    this.#screen.draw(region.length > 0 && !isBelowBlank ? ["", ...region] : region, {
      note: this.#changedProgress(),
      ...(hasLines && { above: () => this.#flush() }),
    });
  }

  #region(): string[] {
    if (!this.#screen.hasRoom) return [];
    // Time goes on from the latest event, so that a replay of an old run shows the times of that run.
    const nowMs = this.#view.atMs + this.#clock.monotonicMs() - this.#receivedMs;
    const { columns, rows } = this.#screen;
    const background = this.#options.background?.().map(cleaned) ?? [];
    const [tick, palette] = [this.#tick, this.#palette];
    return liveRegion(this.#view, { nowMs, tick, columns, rows, palette, background });
  }

  #changedProgress(): string {
    const progress = this.#showsProgress ? progressSequence(this.#view) : "";
    if (progress === this.#progress) return "";
    this.#progress = progress;
    return progress;
  }

  #isBelowBlankAfter(lines: readonly TextLine[]): boolean {
    const last = lines.findLast(({ to }) => this.#isOnTerminal(to));
    return last === undefined ? this.#isBelowBlank : last.text === "";
  }

  #isOnTerminal(to: TextLine["to"]): boolean {
    return this.#options[to].isTTY === true;
  }

  #flush(): void {
    this.#isBelowBlank = this.#isBelowBlankAfter(this.#pending);
    for (const { to, text } of this.#pending.splice(0)) this.#sinks[to].write(`${text}\n`);
  }

  #leaveScreen(): void {
    this.#stopDrawing?.();
    this.#stopDrawing = undefined;
    this.#giveScreenBack();
  }

  #giveScreenBack(): void {
    const note = this.#progress === "" ? "" : noProgress;
    this.#progress = "";
    if (!this.#sinks.stderr.isGone) this.#screen.leave(note);
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

function cleaned(line: string): string {
  return cleanLine(line, 200);
}
