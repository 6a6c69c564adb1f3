/** Words of a command line that belong together, and what they set: `-itm 1g` are two words that set three flags. */
export interface ParsedFlag {
  readonly words: readonly string[];
  readonly sets: readonly { readonly name: string; readonly value?: string }[];
}

/** Flags up to the first word that is none, and what follows. */
export interface ParsedFlags {
  readonly flags: readonly ParsedFlag[];
  /** A `--` that ended the flags is the first of them. */
  readonly rest: readonly string[];
}

/**
 * Takes flags apart as the programs of Docker and Podman do: `--name value`, `--name=value`, `-n value`, `-n=value`, `-nvalue`,
 * several letters in one word. `switches` are those that take no value; any other flag does, also one that is not known here.
 */
export function parseFlags(words: readonly string[], switches: ReadonlySet<string>): ParsedFlags {
  const flags: ParsedFlag[] = [];
  let index = 0;
  for (let word = words[index]; word !== undefined && word.startsWith("-") && word.length > 1; word = words[index]) {
    if (word === "--") break;
    const { sets, isOpen } = word.startsWith("--") ? parseLong(word, switches) : parseShort(word, switches);
    const value = isOpen ? words[index + 1] : undefined;
    const last = sets.at(-1);
    if (value === undefined || last === undefined) flags.push({ words: [word], sets });
    else flags.push({ words: [word, value], sets: [...sets.slice(0, -1), { name: last.name, value }] });
    index += value === undefined ? 1 : 2;
  }
  return { flags, rest: words.slice(index) };
}

/** The value that a flag has in the end: the last one counts. Empty for a flag without value, `undefined` for one that is not there. */
export function valueOf(flags: readonly ParsedFlag[], ...names: readonly string[]): string | undefined {
  const set = flags.flatMap(({ sets }) => sets).findLast(({ name }) => names.includes(name));
  return set && (set.value ?? "");
}

/** Whether a flag that takes no value is set. */
export function isOn(flags: readonly ParsedFlag[], name: string): boolean {
  const value = valueOf(flags, name);
  return value === "" || /^(?:1|t|true)$/i.test(value ?? "no");
}

type Word = Pick<ParsedFlag, "sets"> & { readonly isOpen: boolean };

function parseLong(word: string, switches: ReadonlySet<string>): Word {
  const equals = word.indexOf("=");
  if (equals !== -1) return { sets: [{ name: word.slice(2, equals), value: word.slice(equals + 1) }], isOpen: false };
  const name = word.slice(2);
  return { sets: [{ name }], isOpen: !switches.has(name) };
}

function parseShort(word: string, switches: ReadonlySet<string>): Word {
  const sets: { name: string; value?: string }[] = [];
  for (let index = 1; index < word.length; index += 1) {
    const name = word[index] ?? "";
    const following = word.slice(index + 1);
    if (following.startsWith("=")) return { sets: [...sets, { name, value: following.slice(1) }], isOpen: false };
    if (!switches.has(name))
      return following === ""
        ? { sets: [...sets, { name }], isOpen: true }
        : { sets: [...sets, { name, value: following }], isOpen: false };
    sets.push({ name });
  }
  return { sets, isOpen: false };
}
