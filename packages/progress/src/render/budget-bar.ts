import type { Palette } from "./palette.ts";
import type { Segment } from "./segments.ts";

/** The share of a budget that is spent, as `▰▰▰▱▱▱▱▱`; it turns yellow near the end and red beyond it. */
export function budgetBar(
  elapsedMs: number,
  budgetMs: number,
  { cells, palette }: { readonly cells: number; readonly palette: Palette },
): Segment[] {
  const share = budgetMs > 0 ? elapsedMs / budgetMs : 1;
  const full = Math.min(cells, Math.max(0, Math.round(share * cells)));
  const style = share > 1 ? palette.bad : share >= 0.8 ? palette.warn : palette.good;
  return [
    { text: "▰".repeat(full), style },
    { text: "▱".repeat(cells - full), style: palette.dim },
  ];
}
