import { styleText } from "node:util";
import type { OutputEnv, OutputStream } from "../output-stream.ts";

/** Marks up a text in one of the few ways that the screen knows. */
export type Style = (text: string) => string;

/** The colours by meaning. They only ever repeat what a symbol or a word says. */
export interface Palette {
  readonly good: Style;
  readonly bad: Style;
  readonly warn: Style;
  readonly dim: Style;
  readonly strong: Style;
}

/** Leaves text as it is. */
export const plain: Style = (text) => text;

const plainPalette: Palette = { good: plain, bad: plain, warn: plain, dim: plain, strong: plain };

const colourPalette: Palette = {
  good: style("green"),
  bad: style("red"),
  warn: style("yellow"),
  dim: style("dim"),
  strong: style("bold"),
};

/** The palette for a stream: `FORCE_COLOR` decides, then `NO_COLOR` (no-color.org), then whether it is a terminal. */
export function choosePalette(stream: OutputStream, env: OutputEnv): Palette {
  return hasColour(stream, env) ? colourPalette : plainPalette;
}

function hasColour(stream: OutputStream, env: OutputEnv): boolean {
  const force = env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  if (env["NO_COLOR"]) return false;
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

function style(format: "green" | "red" | "yellow" | "dim" | "bold"): Style {
  return (text) => (text === "" ? "" : styleText(format, text, { validateStream: false }));
}
