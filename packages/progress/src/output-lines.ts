import type { NodeId } from "@netra-apex/core";
import { cleanOutputLine } from "./render/clean-text.ts";

/** A line that never ends is cut into pieces of this size. */
const longestPartialChars = 8_000;

/** Turns the pieces of text that several nodes write into whole lines, made safe, for each node by itself. */
export class OutputLines {
  readonly #partials = new Map<NodeId, string>();

  /** The lines that `text` completes. */
  add(nodeId: NodeId, text: string): string[] {
    const lines = ((this.#partials.get(nodeId) ?? "") + text).split("\n");
    const partial = lines.pop() ?? "";
    if (partial.length > longestPartialChars) lines.push(partial);
    this.#partials.set(nodeId, partial.length > longestPartialChars ? "" : partial);
    return lines.map(cleanOutputLine);
  }

  /** The last line of a node that ended, when it had no line end. */
  end(nodeId: NodeId): string[] {
    const partial = this.#partials.get(nodeId) ?? "";
    this.#partials.delete(nodeId);
    return partial === "" ? [] : [cleanOutputLine(partial)];
  }
}
