/**
 * What a line of output is held against: a text, whose case does not matter, or a regular expression as `/source/`.
 * Throws `SyntaxError` for a regular expression that is none.
 */
export function outputPattern(text: string): RegExp {
  const isRegExp = text.length > 2 && text.startsWith("/") && text.endsWith("/");
  if (isRegExp) return new RegExp(text.slice(1, -1), "u");
  return new RegExp(text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`), "iu");
}
