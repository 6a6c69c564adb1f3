import type { NodeId, RunEvent, RunEventOf } from "@netra-apex/core";
import { OutputLines } from "./output-lines.ts";
import { cleanLine } from "./render/clean-text.ts";
import { countOf } from "./render/counts.ts";
import { pad, widest } from "./render/display-width.ts";
import { formatDuration } from "./render/durations.ts";
import { outcomeMark, outcomeSentence } from "./render/outcome-text.ts";
import type { Palette } from "./render/palette.ts";
import { isServiceUp } from "./service-view.ts";
import { serviceEventText } from "./render/service-event-text.ts";

/** Widest name that others are aligned with. */
const longestAlignedName = 20;

/** What `--verbose` adds: each node's start, retries and end, and its output line by line under its name. */
export class VerboseNarration {
  readonly #palette: Palette;
  readonly #output = new OutputLines();
  #nameWidth = 0;

  constructor(palette: Palette) {
    this.#palette = palette;
  }

  tell(event: RunEvent): string[] {
    const { dim } = this.#palette;
    switch (event.type) {
      case "run_started":
        this.#nameWidth = Math.min(longestAlignedName, widest(event.plan.nodes.map(({ id }) => nodeName(id))));
        return [];
      case "node_started":
        return [`${dim("▸")} ${this.#name(event.nodeId)}  started`];
      case "agent_thinking":
        return [`${dim("·")} ${this.#name(event.nodeId)}  ${dim(cleanLine(event.note))}`];
      case "output":
        return this.#outputLines(event.nodeId, this.#output.add(event.nodeId, event.text));
      case "node_retrying":
        return [...this.#endOfOutput(event.nodeId), this.#retry(event)];
      case "retry_refused":
        return [`${dim("·")} ${this.#name(event.nodeId)}  ${dim(`no further attempt: ${cleanLine(event.reason)}`)}`];
      case "metric_reported": {
        const { name, value, unit = "" } = event;
        return [`${dim("·")} ${this.#name(event.nodeId)}  ${dim(cleanLine(`${name} = ${value} ${unit}`).trimEnd())}`];
      }
      case "agent_logged": {
        // Warnings and errors are told without --verbose, too.
        if (event.level === "warn" || event.level === "error") return [];
        const who = event.nodeId === undefined ? cleanLine(event.agent) : this.#name(event.nodeId);
        return [`${dim("·")} ${who}  ${dim(cleanLine(event.message))}`];
      }
      case "plan_extended":
        return [`${dim("+")} ${this.#name(event.by)}  added ${event.nodes.map(({ id }) => nodeName(id)).join(", ")}`];
      case "node_completed":
        return [...this.#endOfOutput(event.nodeId), this.#end(event)];
      case "service_state_changed":
        // That it is ready has a line of its own.
        return isServiceUp(event.to) ? [] : [`${dim("·")} ${dim(cleanLine(serviceEventText(event)))}`];
      case "resources_missing":
      case "resources_awaited":
      case "resources_granted":
      case "environment_read":
        return [`${dim("·")} ${dim(cleanLine(serviceEventText(event)))}`];
      default:
        return [];
    }
  }

  #retry({ nodeId, attempt, outcome, delayMs, when, failedTests }: RunEventOf<"node_retrying">): string {
    const soon = delayMs > 0 ? `in ${formatDuration(delayMs)}` : "now";
    const wait = when === "end-isolated" ? "at the end of the layer, alone" : soon;
    const what = failedTests === undefined ? "" : ` · ${countOf(failedTests, "test")} again`;
    const mark = this.#palette.warn("↻");
    return `${mark} ${this.#name(nodeId)}  attempt ${attempt} ${outcomeSentence(outcome)} · next attempt ${wait}${what}`;
  }

  #end({ nodeId, outcome, flaky, counts, durationMs, attempts, keptFrom }: RunEventOf<"node_completed">): string {
    const facts = [outcomeSentence(outcome)];
    if (outcome.status !== "skipped") facts.push(countOf(counts.total, "test"), formatDuration(durationMs));
    if (keptFrom !== undefined) facts.push(`kept from run ${keptFrom}`);
    if (attempts > 1) facts.push(`${attempts} attempts`);
    return `${outcomeMark(outcome, flaky, this.#palette)} ${this.#name(nodeId)}  ${facts.join(" · ")}`;
  }

  #endOfOutput(nodeId: NodeId): string[] {
    return this.#outputLines(nodeId, this.#output.end(nodeId));
  }

  #outputLines(nodeId: NodeId, lines: readonly string[]): string[] {
    const { dim } = this.#palette;
    return lines.map((line) => `  ${dim(`${this.#name(nodeId)} │`)} ${line}`.trimEnd());
  }

  #name(id: NodeId): string {
    return pad(nodeName(id), this.#nameWidth);
  }
}

function nodeName(id: NodeId): string {
  return cleanLine(id, 60);
}
