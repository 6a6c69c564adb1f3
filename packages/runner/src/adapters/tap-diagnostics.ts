/** Values of a TAP diagnostic (a YAML block) by their keys; of nested ones, only that they are there. Enough YAML for what TAP writers write. */
export function readDiagnostics(lines: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  const indent = Math.min(...lines.flatMap((line) => (line.trim() === "" ? [] : [line.search(/\S/)])));
  let key: string | undefined;
  let block: string[] = [];
  const close = (): void => {
    if (key !== undefined && block.length > 0) values.set(key, dedent(block));
    block = [];
  };
  for (const line of lines) {
    const own = line.search(/\S/) === indent ? /^\s*(['"]?)([\w -]+)\1\s*:(?:\s+(.*))?$/.exec(line) : undefined;
    if (!own) {
      block.push(line);
      continue;
    }
    close();
    const [, , name = "", value = ""] = own;
    key = name;
    if (!/^[|>][+-]?\d*$/.test(value)) values.set(key, scalar(value));
  }
  close();
  return values;
}

function scalar(text: string): string {
  const [, single, double] = /^(?:'(.*)'|"(.*)")\s*$/.exec(text.trim()) ?? [];
  if (single !== undefined) return single.replaceAll("''", "'");
  if (double !== undefined)
    return double.replaceAll(/\\(["\\/nt])/g, (_, letter: string) => ({ n: "\n", t: "\t" })[letter] ?? letter);
  return text.trim();
}

function dedent(lines: readonly string[]): string {
  const indent = Math.min(...lines.flatMap((line) => (line.trim() === "" ? [] : [line.search(/\S/)])));
  return lines
    .map((line) => line.slice(indent))
    .join("\n")
    .trimEnd();
}
