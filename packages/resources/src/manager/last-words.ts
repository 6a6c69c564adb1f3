const most = 12;

/** The last lines of an output, of use in a message; nothing where it has none. */
export function lastWords(output: string): string | undefined {
  const lines = output.split("\n").map((line) => line.trimEnd());
  const said = lines.filter((line) => line !== "");
  return said.length === 0 ? undefined : said.slice(-most).join("\n");
}
