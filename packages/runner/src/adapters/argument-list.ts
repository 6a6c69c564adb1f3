/** One argument of a program: an option with the value that belongs to it, or a positional one. */
export interface Argument {
  /** As written, the dashes included; absent for a positional argument. */
  readonly option?: string;
  readonly value?: string;
  /** The words on the command line. */
  readonly words: readonly string[];
}

/** What is said about an option that stands alone, whether the next word is its value. */
export type TakesValue = (option: string, next: string | undefined) => boolean;

/** Reads arguments up to `--`; `rest` begins with it. */
export function parseArguments(words: readonly string[], takesValue: TakesValue): { args: Argument[]; rest: string[] } {
  const args: Argument[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--") return { args, rest: words.slice(index) };
    const next = words[index + 1];
    const equals = word.indexOf("=");
    if (!word.startsWith("-") || word === "-") {
      args.push({ words: [word] });
    } else if (equals !== -1) {
      args.push({ option: word.slice(0, equals), value: word.slice(equals + 1), words: [word] });
    } else if (next !== undefined && takesValue(word, next)) {
      args.push({ option: word, value: next, words: [word, next] });
      index += 1;
    } else {
      args.push({ option: word, words: [word] });
    }
  }
  return { args, rest: [] };
}

/** The command-line words of arguments. */
export function toWords(args: readonly Argument[]): string[] {
  return args.flatMap(({ words }) => words);
}

/** `--testNamePattern`, `--test-name-pattern` and `--no-testNamePattern` are all `testNamePattern`; `-t` is `t`. */
export function optionName(option: string): string {
  return option.replace(/^--?(?:no-(?=.))?/, "").replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The arguments without the options that have one of these names, as {@link optionName} spells them. */
export function withoutOptions(args: readonly Argument[], names: ReadonlySet<string>): Argument[] {
  return args.filter(({ option }) => option === undefined || !names.has(optionName(option)));
}

/** Arguments of one word each. */
export function toArguments(words: readonly string[]): Argument[] {
  return words.map((word) => ({ words: [word] }));
}

/** Gives positional arguments to the option before them that takes a list of words, as `--project a b` does. */
export function withLists(args: readonly Argument[], takesList: (name: string) => boolean): Argument[] {
  const whole: Argument[] = [];
  for (const argument of args) {
    const last = whole.at(-1);
    const belongs =
      argument.option === undefined && last?.value !== undefined && takesList(optionName(last.option ?? ""));
    if (belongs) whole.splice(-1, 1, { ...last, words: [...last.words, ...argument.words] });
    else whole.push(argument);
  }
  return whole;
}
