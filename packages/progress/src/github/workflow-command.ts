/** A command that GitHub's runner reads off what a step prints, a line each. */
export interface WorkflowCommand {
  readonly name: "error" | "warning" | "notice" | "group" | "endgroup";
  /** Those without a value are left out, as the runner would do. */
  readonly properties?: Readonly<Record<string, string | number | undefined>>;
  readonly message?: string;
}

/**
 * The command as one line, without its end, escaped as the runner reads it (`ActionCommand.cs` of actions/runner): `%`, CR
 * and LF everywhere, `:` and `,` in properties as well, and nothing else.
 */
export function formatCommand({ name, properties = {}, message = "" }: WorkflowCommand): string {
  const given = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined || value === "" ? [] : [`${key}=${escapeProperty(String(value))}`],
  );
  return `::${name}${given.length > 0 ? ` ${given.join(",")}` : ""}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
