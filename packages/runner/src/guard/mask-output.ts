import { closeSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { createMask, type MaskRequest } from "@netra-apex/core/mask";

/** A line that is longer than this is masked in pieces; a secret that lies across two pieces would be seen in halves. */
const longestLine = 1024 * 1024;

/** Writes what comes out of a pipe into a file, line by line, with what the mask says replaced by stars; closes the file in the end. */
export function maskInto(output: Readable, file: number, request: MaskRequest): void {
  const decoder = new StringDecoder("utf8");
  const mask = createMask(request);
  let held = "";
  // A log that cannot be written any more (a full disk) costs its rest, not the processes; the pipe is still emptied.
  let isLost = false;
  const write = (text: string): void => {
    if (isLost) return;
    try {
      writeSync(file, text);
    } catch {
      isLost = true;
    }
  };
  output.on("data", (bytes: Buffer) => {
    held += decoder.write(bytes);
    const end = held.lastIndexOf("\n") + 1 || (held.length > longestLine ? held.length : 0);
    if (end === 0) return;
    write(mask(held.slice(0, end)));
    held = held.slice(end);
  });
  output.on("close", () => {
    write(mask(held + decoder.end()));
    closeSync(file);
  });
}
