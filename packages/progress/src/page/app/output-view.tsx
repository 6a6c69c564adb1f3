import type { NodeId } from "@netra-apex/core";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ansiSpans, type AnsiStyle } from "../model/ansi-spans.ts";
import type { OutputLine } from "../model/output-log.ts";
import type { PageRun } from "../model/page-run.ts";
import { Search } from "./choices.tsx";
import { VirtualList } from "./virtual-list.tsx";

/** What a category's processes wrote: followed as it comes, or searched. */
export function OutputView({ run, id }: { readonly run: PageRun; readonly id: NodeId }): JSX.Element {
  const [follows, setFollows] = useState(true);
  const [words, setWords] = useState("");
  const log = run.outputs.get(id);
  const all = log?.lines ?? [];
  const wanted = words.trim().toLowerCase();
  const lines = wanted === "" ? all : all.filter(({ text }) => text.toLowerCase().includes(wanted));
  const dropped = log?.droppedLines ?? 0;
  return (
    <>
      <div class="toolbar">
        <Search label="Search the output" value={words} onChange={setWords} />
        <label class="check">
          <input
            type="checkbox"
            checked={follows}
            onChange={({ currentTarget }) => setFollows(currentTarget.checked)}
          />
          Follow
        </label>
      </div>
      <p class="small soft told">
        {lines.length === 1 ? "1 line" : `${lines.length} lines`}
        {wanted !== "" && ` of ${all.length}`}
        {dropped > 0 && `; ${dropped} before them are in the log file alone`}
      </p>
      <VirtualList
        label="Output"
        class="output"
        count={lines.length}
        heightOf={() => 20}
        keyOf={(index) => lines[index]?.number ?? index}
        follows={follows && wanted === ""}
        onFollow={wanted === "" ? setFollows : () => undefined}
        render={(index) => {
          const line = lines[index];
          return line && <Line line={line} />;
        }}
      />
    </>
  );
}

function Line({ line: { text, number, startStyle } }: { readonly line: OutputLine }): JSX.Element {
  return (
    <div class="out-line">
      <span class="number soft" aria-hidden="true">
        {number}
      </span>
      <span class="text">
        {ansiSpans(text, startStyle).map((span, index) => (
          <span key={index} class={ansiClass(span.style)}>
            {span.text}
          </span>
        ))}
      </span>
    </div>
  );
}

function ansiClass({ colour, isBold, isDim, isItalic, isUnderlined }: AnsiStyle): string {
  const classes = [
    colour !== undefined && `ansi-${colour}`,
    isBold && "ansi-bold",
    isDim && "ansi-dim",
    isItalic && "ansi-italic",
    isUnderlined && "ansi-underlined",
  ];
  return classes.filter((name) => typeof name === "string").join(" ");
}
