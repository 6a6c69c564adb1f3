import type { OutputEnv } from "../output-stream.ts";
import type { RunView } from "../run-view.ts";

/**
 * Whether a terminal shows progress in its tab or task bar when told so by OSC 9;4: Windows Terminal, ConEmu, WezTerm, Ghostty, and those
 * versions of iTerm2 that say it of themselves. Others may take it for a notification.
 */
export function showsProgress(env: OutputEnv): boolean {
  // A multiplexer hands the environment on, and swallows the sequence.
  if (env["TMUX"] || env["STY"]) return false;
  if (env["WT_SESSION"] || env["ConEmuANSI"] === "ON") return true;
  switch (env["TERM_PROGRAM"]) {
    case "WezTerm":
    case "ghostty":
      return true;
    case "iTerm.app":
      return /P(?![a-z])/.test(env["TERM_FEATURES"] ?? "");
    default:
      return false;
  }
}

/** Takes the progress away. */
export const noProgress = "\u001b]9;4;0;0\u001b\\";

/** How much of a run is done, as OSC 9;4 says it; in the colour of an error once something did not pass. */
export function progressSequence({ done, planNodes }: RunView): string {
  let total = 0;
  for (const { parts } of planNodes.values()) if (!parts) total += 1;
  const percent = total === 0 ? 0 : Math.min(100, Math.floor((100 * done.nodes) / total));
  return `\u001b]9;4;${done.notPassed > 0 ? 2 : 1};${percent}\u001b\\`;
}
