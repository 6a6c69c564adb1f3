import type { OutcomeStatus, TestStatus } from "@netra-apex/core";
import { statusWord } from "../../render/outcome-text.ts";
import { html, type Html } from "./html-text.ts";

/** What a colour says; a mark and a word always say it, too. */
export type Tone = "good" | "bad" | "warn" | "idle";

/** The tone of a node, a layer or a run. */
export function toneOf(status: OutcomeStatus | undefined): Tone {
  switch (status) {
    case "passed":
      return "good";
    case "failed":
    case "errored":
    case "timed-out":
      return "bad";
    case "cancelled":
    case "inconclusive":
    case undefined:
      return "warn";
    case "skipped":
      return "idle";
    default:
      return status satisfies never;
  }
}

/** The tone of a test. */
export function testTone(status: TestStatus, isFlaky: boolean): Tone {
  if (status === "failed" || status === "errored") return "bad";
  if (status === "skipped" || status === "todo") return "idle";
  return isFlaky ? "warn" : "good";
}

const marks: Readonly<Record<Tone, string>> = { good: "✓", bad: "✗", warn: "!", idle: "○" };

/** The mark of a tone alone, where its word stands elsewhere. */
export function markOf(tone: Tone): string {
  return marks[tone];
}

/** A mark with its word. */
export function badge(tone: Tone, word: string): Html {
  return html`<span class="badge ${tone}"><span aria-hidden="true">${marks[tone]}</span> ${word}</span>`;
}

/** The badge of a node, a layer or a run. */
export function outcomeBadge(status: OutcomeStatus | undefined): Html {
  return badge(toneOf(status), status === undefined ? "no end" : statusWord(status));
}
