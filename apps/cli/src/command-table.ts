import { type Command, InvalidArgumentError, Option } from "commander";

/** A command by what it is called with, and what it does then. Resolves with the exit code. */
export interface CommandEntry<FlagName extends string, Options> {
  readonly name: string;
  readonly arguments?: string;
  readonly summary: string;
  readonly flags: readonly FlagName[];
  readonly run: (given: readonly string[], options: Options, passedOn: readonly string[]) => Promise<number>;
}

/** Flags by name: each as it is written, and what it is for. */
export interface FlagTable<FlagName extends string> {
  readonly flags: Readonly<Record<FlagName, readonly [written: string, description: string]>>;
  /** How values are read that are no texts. */
  readonly parsers?: Readonly<Partial<Record<FlagName, (value: string, before: unknown) => unknown>>>;
  readonly choices?: Readonly<Partial<Record<FlagName, readonly string[]>>>;
}

/** Makes a command of an entry. `onEnd` gets its exit code. */
export function addEntry<FlagName extends string, Options extends object>(
  parent: Command,
  entry: CommandEntry<FlagName, Options>,
  { flags, parsers, choices }: FlagTable<FlagName>,
  { passedOn = [], onEnd }: { readonly passedOn?: readonly string[]; readonly onEnd: (exitCode: number) => void },
): Command {
  const command = parent.command(entry.name).summary(entry.summary).helpOption("-h, --help", "show this help");
  command.description(`${entry.summary.charAt(0).toUpperCase()}${entry.summary.slice(1)}.`);
  if (entry.arguments !== undefined) command.arguments(entry.arguments);
  for (const name of entry.flags) {
    const [written, description] = flags[name];
    const option = new Option(written, description);
    const parse = parsers?.[name];
    const known = choices?.[name];
    if (parse) option.argParser(parse);
    if (known) option.choices(known);
    command.addOption(option);
  }
  command.action(async () => {
    const given = command.processedArgs.flat().filter((argument) => typeof argument === "string");
    onEnd(await entry.run(given, command.opts<Options>(), passedOn));
  });
  return command;
}

/** Reads a whole number within bounds, for a flag. */
export function wholeNumber(value: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const number = Number(value);
  if (value.trim() !== "" && Number.isInteger(number) && number >= least && number <= most) return number;
  const range = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `from ${least} to ${most}`;
  throw new InvalidArgumentError(`It must be a whole number, ${range}.`);
}

/** Gathers the values of a flag that may be given several times. */
export function collect(value: string, before: unknown): readonly unknown[] {
  return [...(Array.isArray(before) ? before : []), value];
}
