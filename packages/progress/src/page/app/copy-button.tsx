import type { JSX } from "preact";
import { useState } from "preact/hooks";

/** A command line that can be copied with one press. */
export function CopyLine({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  const [state, setState] = useState<"ready" | "copied" | "refused">("ready");
  const copy = async (): Promise<void> => {
    try {
      // There is no clipboard where a page was not loaded over a safe connection.
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      setState("refused");
    }
    setTimeout(() => setState("ready"), 2_000);
  };
  return (
    <div class="copy">
      {/* A long one scrolls, which takes the focus where there is no pointer. */}
      <code tabIndex={0}>{text}</code>
      <button type="button" onClick={() => void copy()} aria-label={`Copy ${what}`}>
        {state === "ready" ? "Copy" : state === "copied" ? "Copied" : "Select it"}
      </button>
      <span class="visually-hidden" role="status">
        {state === "copied" ? "copied" : ""}
      </span>
    </div>
  );
}
