import type { OutcomeStatus, TestCounts } from "@netra-apex/core";
import type { JSX } from "preact";
import { markOf, type Tone, toneOf } from "../../report/html/outcome-badge.ts";
import { statusWord } from "../../render/outcome-text.ts";
import type { NodeStatus } from "../model/layer-rows.ts";

/** What a colour says on this page; a mark and a word say it, too. */
export type PageTone = Tone | "busy";

/** The tone of a category, whether it has ended or not. */
export function statusTone(status: NodeStatus, isFlaky = false): PageTone {
  if (status === "waiting") return "idle";
  if (status === "running") return "busy";
  if (status === "retrying" || (status === "passed" && isFlaky)) return "warn";
  return toneOf(status);
}

/** How a category stands, as people say it. */
export function nodeStatusWord(status: NodeStatus): string {
  if (status === "waiting" || status === "running") return status;
  return status === "retrying" ? "waits to retry" : statusWord(status satisfies OutcomeStatus);
}

/** The mark of a tone; what is under way turns. */
export function Mark({ tone, isBusy = tone === "busy" }: MarkProps): JSX.Element {
  if (isBusy) return <span class={`mark ${tone} spin`} aria-hidden="true" />;
  return (
    <span class={`mark ${tone}`} aria-hidden="true">
      {tone === "busy" ? "" : markOf(tone)}
    </span>
  );
}

interface MarkProps {
  readonly tone: PageTone;
  readonly isBusy?: boolean;
}

/** A mark with its word. */
export function Badge({ tone, word, isBusy, isLarge = false }: BadgeProps): JSX.Element {
  return (
    <span class={`badge ${tone} ${isLarge ? "large" : ""}`}>
      <Mark tone={tone} {...(isBusy !== undefined && { isBusy })} /> {word}
    </span>
  );
}

interface BadgeProps extends MarkProps {
  readonly word: string;
  readonly isLarge?: boolean;
}

/** Tests by how they ended, in columns that never move: `39 ✓ 2 ✗`. */
export function Counts({ counts }: { readonly counts: TestCounts }): JSX.Element {
  const { passed, failed, skipped, flaky, total } = counts;
  if (total === 0) return <span class="counts soft" />;
  return (
    <span class="counts">
      {failed > 0 && <b class="count bad-text">{failed} failed</b>}
      {flaky > 0 && <span class="count warn-text">{flaky} flaky</span>}
      {skipped > 0 && <span class="count soft">{skipped} skipped</span>}
      <span class="count">{passed} passed</span>
    </span>
  );
}
