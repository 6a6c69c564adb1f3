import { planNotes, type RunEvent, type RunEventOf } from "@netra-apex/core";
import type { FinishedNode } from "./node-view.ts";
import type { LayerView, RunView } from "./run-view.ts";
import { ciBlock, type CiService } from "./ci-groups.ts";
import { flakyBlock } from "./render/attempt-lines.ts";
import { cleanLine } from "./render/clean-text.ts";
import { formatDuration } from "./render/durations.ts";
import { failureBlock } from "./render/failure-block.ts";
import { finishedInOrder } from "./render/finished-nodes.ts";
import { layerLine, layerName } from "./render/layer-line.ts";
import type { Palette } from "./render/palette.ts";
import { missingLines } from "./render/missing-lines.ts";
import { skippedLines } from "./render/skipped-lines.ts";
import { totals, unfinishedTotals } from "./render/totals.ts";
import { ServiceNarration } from "./service-narration.ts";
import { VerboseNarration } from "./verbose-narration.ts";

/** A line that stays: results go to stdout, everything about the way there to stderr. */
export interface TextLine {
  readonly to: "stdout" | "stderr";
  readonly text: string;
}

export interface NarrationOptions {
  readonly verbose: boolean;
  readonly rerunPrefix: readonly string[];
  readonly palettes: Readonly<Record<TextLine["to"], Palette>>;
  /** Whether what did not pass is told at once, or under its layer when that is over. Default: with the layer. */
  readonly failures?: "at-once" | "with-layer";
  /** The CI service whose log this is: long blocks are folded away in it. */
  readonly ci?: CiService | undefined;
  /** Cells of the terminal that results go to, as it is now; undefined where they go elsewhere. */
  readonly columns: () => number | undefined;
}

/** Tells a run in lines that stay: the same ones whether they go to a pipe or scroll by on a terminal. */
export class Narration {
  readonly #options: NarrationOptions;
  readonly #verbose: VerboseNarration | undefined;
  readonly #services: ServiceNarration;
  #wasBlank = true;

  constructor(options: NarrationOptions) {
    this.#options = options;
    this.#verbose = options.verbose ? new VerboseNarration(options.palettes.stderr) : undefined;
    this.#services = new ServiceNarration(options.palettes.stderr, options);
  }

  /** What an event adds; `view` is the view after it. */
  tell(view: RunView, event: RunEvent): TextLine[] {
    const progress = this.#verbose?.tell(event) ?? [];
    const surroundings = this.#services.tell(view, event);
    return [...[...progress, ...surroundings].map(onStderr), ...this.#results(view, event)];
  }

  /** What takes long, and is not told by an event; `nowMs` is on the time scale of the events. */
  tellWaiting(view: RunView, nowMs: number): TextLine[] {
    return this.#services.tellWaiting(view, nowMs).map(onStderr);
  }

  /** What is left to say once the last event has come. */
  tellEnd(view: RunView): TextLine[] {
    const { stdout, stderr } = this.#options.palettes;
    const end = view.plan && !view.summary ? this.#blockOnStdout(unfinishedTotals(view, stdout)) : [];
    const faults = view.failedReporters.map(
      ({ reporter, message }) =>
        `${stderr.warn("warning")}  the ${cleanLine(reporter)} reporter failed and was left out: ${cleanLine(message)}`,
    );
    return [...end, ...faults.map(onStderr)];
  }

  #results(view: RunView, event: RunEvent): TextLine[] {
    switch (event.type) {
      case "run_started":
        return this.#notes(event);
      case "node_completed":
        return this.#nodeAtOnce(view, event);
      case "layer_completed": {
        const layer = view.layers.get(event.layerId);
        return layer ? this.#layer(view, layer) : [];
      }
      case "alert_raised":
        return [this.#warning(`alert: ${event.message}`)];
      case "agent_quarantined":
        return [this.#warning(`the agent ${event.agent} gets no more work: ${event.reason}`)];
      case "agent_health_changed":
        return event.to === "lost" ? [this.#warning(`the agent ${event.agent} is lost${detail(event.detail)}`)] : [];
      case "agent_logged":
        return event.level === "warn" || event.level === "error"
          ? [this.#warning(`${event.agent}: ${event.message}`)]
          : [];
      case "run_paused":
        return [this.#warning(`paused: ${event.reason}`)];
      case "run_resumed":
        return [this.#note(`resumed after ${formatDuration(event.pausedMs)}`)];
      case "run_completed":
        return [
          ...(this.#verbose ? [this.#note(`how busy the agents were: ${event.summary.coordination.formula}`)] : []),
          ...this.#blockOnStdout(totals(view, event.summary, this.#options.palettes.stdout)),
        ];
      default:
        return [];
    }
  }

  #notes({ plan, resumes }: RunEventOf<"run_started">): TextLine[] {
    const resumed = resumes === undefined ? [] : [`goes on with run ${resumes}`];
    return [...resumed, ...planNotes(plan)].map((note) => this.#note(note));
  }

  #note(text: string): TextLine {
    return onStderr(`${this.#options.palettes.stderr.dim("note")}  ${cleanLine(text)}`);
  }

  #warning(text: string): TextLine {
    return onStderr(`${this.#options.palettes.stderr.warn("warning")}  ${cleanLine(text)}`);
  }

  #layer(view: RunView, layer: LayerView): TextLine[] {
    const { palettes, columns } = this.#options;
    const palette = palettes.stdout;
    const skipped = skippedLines(layer, palette).map((line) => `  ${line}`);
    const missing = view.surroundings.missing.get(layer.id);
    const lacks = missing ? missingLines(layerName(layer), missing, palette).map((line) => `  ${line}`) : [];
    const lines = [layerLine(view, layer, { palette, columns: columns() }), ...lacks, ...skipped];
    const told = this.#options.failures === "at-once" ? [] : finishedInOrder(layer);
    for (const node of told) {
      const block = this.#nodeBlock(view, node);
      const shown = block.map((line) => (line === "" ? "" : `  ${line}`));
      if (block.length > 0) lines.push("", ...this.#folded(view, node, shown));
    }
    // A block of several lines stands by itself; lines of green layers stand together.
    return lines.length > 1 && lines.includes("") ? this.#onStdout([...lines, ""]) : this.#onStdout(lines);
  }

  /** What a node has to tell that did not simply pass. */
  #nodeBlock(view: RunView, node: FinishedNode): string[] {
    const { palettes, rerunPrefix } = this.#options;
    const palette = palettes.stdout;
    if (node.outcome.status === "passed") {
      return node.earlierAttempts.length > 0 ? flakyBlock(view, node, palette) : [];
    }
    return node.outcome.status === "skipped" ? [] : failureBlock(view, node, { palette, rerunPrefix });
  }

  #folded({ atMs: nowMs }: RunView, { id }: FinishedNode, block: readonly string[]): readonly string[] {
    const { ci } = this.#options;
    return ci === undefined ? block : ciBlock(ci, block, { title: `details of ${cleanLine(id, 60)}`, nowMs });
  }

  #nodeAtOnce(view: RunView, { nodeId, layerId }: RunEventOf<"node_completed">): TextLine[] {
    const node = view.layers.get(layerId)?.finished.at(-1);
    if (this.#options.failures !== "at-once" || node?.id !== nodeId) return [];
    const block = this.#nodeBlock(view, node);
    return block.length > 0 ? this.#blockOnStdout([...block, ""]) : [];
  }

  #blockOnStdout(lines: readonly string[]): TextLine[] {
    return this.#onStdout(this.#wasBlank ? lines : ["", ...lines]);
  }

  #onStdout(lines: readonly string[]): TextLine[] {
    if (lines.length > 0) this.#wasBlank = lines.at(-1) === "";
    return lines.map((text) => ({ to: "stdout", text }));
  }
}

function detail(text: string | undefined): string {
  return text === undefined ? "" : `: ${text}`;
}

function onStderr(text: string): TextLine {
  return { to: "stderr", text };
}
