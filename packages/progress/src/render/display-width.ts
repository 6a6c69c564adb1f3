let segmenter: Intl.Segmenter | undefined;

/** The parts of a text that take cells of their own. The segmenter costs 15 ms to make, so only foreign text makes it. */
function graphemes(text: string): Iterable<{ readonly segment: string }> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/**
 * What terminals draw two cells wide: emoji and the East Asian wide and full-width blocks (Unicode UAX #11). Ambiguous
 * cases count as wide: a line that ends a cell early is harmless, one that wraps is not.
 */
const wide =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** ASCII, Latin-1 and the signs that the reporters draw themselves (– … ‘ ’ · ✓ ✗ ○ ▰ ▱ │ braille spinners): one cell each. */
const narrow = /^[\u0020-\u007e\u00a0-\u00ff\u2013-\u2026\u2502\u25b0\u25b1\u25cb\u2713\u2717\u2800-\u28ff]*$/;

/** Cells that cleaned text takes on a terminal. */
export function displayWidth(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

/** Cleaned text in at most `width` cells, with `…` where something was cut. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let room = width - 1;
  for (const { segment } of graphemes(text)) {
    room -= displayWidth(segment);
    if (room < 0) break;
    kept += segment;
  }
  return width > 0 ? `${kept}…` : "";
}

/** Fills cleaned text with spaces to `width` cells. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** The widest of some cleaned texts, in cells. */
export function widest(texts: Iterable<string>): number {
  let width = 0;
  for (const text of texts) width = Math.max(width, displayWidth(text));
  return width;
}
