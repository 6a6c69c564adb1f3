import { StringDecoder } from "node:string_decoder";

/**
 * Lines of a text in UTF-8, without their ends (`\n` or `\r\n`), however its bytes are cut into blocks. Ends with whatever
 * stands after the last end of line. Throws for a line that is longer than `longestLine` characters: memory must not be
 * what a file decides.
 */
export async function* wholeLines(blocks: AsyncIterable<Buffer>, longestLine: number): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let parts: string[] = [];
  let length = 0;
  for await (const block of blocks) {
    const [first = "", ...others] = decoder.write(block).split("\n");
    parts.push(first);
    length += first.length;
    for (const next of others) {
      if (length > longestLine) break;
      yield withoutReturn(parts.join(""));
      parts = [next];
      length = next.length;
    }
    if (length > longestLine) throw new Error(`a line is longer than ${longestLine} characters`);
  }
  const rest = parts.join("") + decoder.end();
  if (rest !== "") yield withoutReturn(rest);
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
