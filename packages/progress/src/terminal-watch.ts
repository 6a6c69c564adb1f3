import process from "node:process";
import type { OutputStream } from "./output-stream.ts";

/** What a screen does when its terminal is taken from it, and when it may draw again. */
export interface ScreenCare {
  /** Gives the terminal back at once. */
  readonly leave: () => void;
  /** Draws anew. */
  readonly redraw: () => void;
}

/**
 * Redraws when the window's size changes, and looks after a real terminal: it is given back when the process ends, whatever ends it, and
 * while the process is stopped (Ctrl-Z). Returns what ends the watch.
 */
export function watchTerminal(stream: OutputStream, { leave, redraw }: ScreenCare): () => void {
  const isReal = "fd" in stream;
  const isPosix = process.platform !== "win32";
  const tellsBySignal = isReal && isPosix;
  // The stream says nothing of a window that changed and is as it was by the time it looks.
  if (tellsBySignal) process.on("SIGWINCH", redraw);
  else stream.on("resize", redraw);
  const onStop = (): void => {
    leave();
    // Whoever listens takes stopping into own hands; where nobody else does, that is us.
    if (process.listenerCount("SIGTSTP") === 1) process.kill(process.pid, "SIGSTOP");
  };
  if (isReal) {
    process.on("exit", leave);
    if (tellsBySignal) process.prependListener("SIGTSTP", onStop).on("SIGCONT", redraw);
  }
  return () => {
    stream.off("resize", redraw);
    process.off("exit", leave).off("SIGTSTP", onStop).off("SIGCONT", redraw).off("SIGWINCH", redraw);
  };
}
