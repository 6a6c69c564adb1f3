/**
 * Lines that are too long for the window are cut at its edge while this holds: terminals (tmux by up to 250 ms) tell of a narrower window
 * only after it is one, and a line that wrapped meanwhile would shift the region.
 */
const withoutWrapping = "\u001b[?7l";
const withWrapping = "\u001b[?7h";

const saveCursor = "\u001b7";
const restoreCursor = "\u001b8";

/** Stops at the last line of the window, wherever that is. */
const toLastLine = "\u001b[999B";
const toLastColumn = "\u001b[999G";
const eraseLineEnd = "\u001b[K";

/**
 * Draws lines on the last lines of the window. The cursor stays where it is, at the start of a line, but scrolls up where the lines need
 * its place.
 *
 * For tmux: it keeps empty rows below the cursor, and what is above them is what it pushes into its scrollback where lines wrap. For VTE,
 * the terminal of GNOME: in a window that gets lower it drops lines below the cursor, but none that belong to the cursor's line.
 */
export function regionAtEnd(lines: readonly string[]): string {
  const further = lines.length - 1;
  const up = further > 0 ? `\u001b[${further}A` : "";
  const rows = lines.map((line) => `\r${line}${eraseLineEnd}`).join("\u001b[B");
  return `${withoutWrapping}${roomFor(further)}${saveCursor}${toLastLine}${up}${rows}${restoreCursor}${withWrapping}`;
}

/**
 * Draws lines from the cursor's line on, as what the terminal takes for one long line that wraps. The cursor stays at its start. `isFresh`
 * says that there is nothing below the cursor; otherwise it is as many lines, which are drawn over.
 *
 * For all others: xterm.js moves the cursor down for each row that it gets by wrapping lines anew, be it below the cursor, so that the
 * region would no longer be what is below it. It leaves the line alone on which the cursor is, as shells expect.
 */
export function regionInOneLine(lines: readonly string[], { isFresh }: { readonly isFresh: boolean }): string {
  const further = lines.length - 1;
  // Drawn over, lines may find a window that is too low for them by now. One row below the cursor keeps it from going above its line.
  const room = roomFor(isFresh ? further : Math.min(1, further));
  // From the end of the line above: what is written into the last column goes on in this one.
  const join = `\u001b[A${toLastColumn}${withWrapping}  ${withoutWrapping}`;
  const rows = lines.map((line, index) => {
    // From each line's place, counted from the cursor: where the window is too low, the last line is drawn over, and nothing scrolls.
    const toLine = index === 0 ? "" : `\u001b[${index}B${join}`;
    // A line that is erased from its first column on is no longer joined to the one above.
    return `${toLine}\r${line || " "}${eraseLineEnd}${restoreCursor}`;
  });
  return `${withoutWrapping}${room}${saveCursor}${rows.toReversed().join("")}${withWrapping}`;
}

/** Where the lines below the cursor are too few, the terminal scrolls; it never does when the cursor is only moved. */
function roomFor(further: number): string {
  return further > 0 ? `\r${"\n".repeat(further)}\u001b[${further}A` : "";
}
