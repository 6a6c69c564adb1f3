/** A workflow command as GitHub's runner understands it. */
export interface ReadCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

const names = new Set([
  "error",
  "warning",
  "notice",
  "debug",
  "group",
  "endgroup",
  "add-mask",
  "stop-commands",
  "echo",
]);

/**
 * Reads what a step prints as the runner does (`ActionCommand.TryParseV2` of actions/runner): line by line, the command up to
 * the next `::`, properties cut at commas and trimmed, the escapes of the two kinds of text undone in the runner's order.
 */
export function readCommands(printed: string): ReadCommand[] {
  return printed.split(/\r\n|\n|\r/).flatMap((line) => {
    const text = line.trimStart();
    const end = text.indexOf("::", 2);
    if (!text.startsWith("::") || end === -1) return [];
    const info = text.slice(2, end);
    const [name = ""] = info.split(" ", 1);
    if (!names.has(name)) return [];
    const given = info.slice(name.length).trim().split(",").filter(Boolean);
    const properties = given.flatMap((property) => {
      const at = property.indexOf("=");
      const value = property.slice(at + 1);
      return at < 1 || value === ""
        ? []
        : [[property.slice(0, at), unescape(value, ["%0D", "%0A", "%3A", "%2C", "%25"])]];
    });
    const message = unescape(text.slice(end + 2), ["%0D", "%0A", "%25"]);
    return [{ name, properties: Object.fromEntries(properties) as Record<string, string>, message }];
  });
}

function unescape(text: string, escapes: readonly string[]): string {
  return escapes.reduce((rest, escape) => rest.replaceAll(escape, decodeURIComponent(escape)), text);
}
