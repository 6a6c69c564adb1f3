import type { JSX } from "preact";
import { cleanBlock } from "../../render/clean-text.ts";

/** Lines that are shown of what a failure says. */
const shownLines = 60;

/** What a failure says, as lines; those of a diff are coloured as such. */
export function MessageText({ text }: { readonly text: string }): JSX.Element {
  return (
    <pre class="message">
      {cleanBlock(text, shownLines).map((line, index) => (
        <span key={index} class={lineClass(line)}>
          {`${line}\n`}
        </span>
      ))}
    </pre>
  );
}

function lineClass(line: string): string {
  if (/^\s*\+(?!\+)/.test(line)) return "plus";
  return /^\s*-(?!-)/.test(line) ? "minus" : "";
}
