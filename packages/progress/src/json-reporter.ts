import type { Reporter } from "@netra-apex/core";
import { OutputSink } from "./output-sink.ts";
import type { OutputStream } from "./output-stream.ts";

/**
 * Writes each event as one line of JSON, and no other byte.
 *
 * A slow reader gets everything in order; a reader that goes away ends the writing in silence. `close` resolves when
 * all is flushed and rejects when the stream failed for another reason (a full disk).
 */
export function createJsonReporter({ stdout }: { readonly stdout: OutputStream }): Reporter {
  const sink = new OutputSink(stdout);
  return {
    name: "json",
    onEvent: (event) => sink.write(`${JSON.stringify(event)}\n`),
    close: () => sink.close(),
  };
}
