/** A command string cut into words, or why it cannot be. */
export type SplitCommand = { readonly words: readonly string[] } | { readonly problem: string };

const shellOperators = new Set(["&&", "||", "|", ";", "&", ">", ">>", "<", "2>", "2>&1"]);

/**
 * Splits a command the way a shell splits words (spaces, single and double quotes, backslashes) without running one:
 * no variables, globs or operators. An unquoted operator is a problem, because passing it as an argument is never meant.
 */
export function splitCommand(text: string): SplitCommand {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  const finish = (): string | undefined => {
    const done = word;
    word = undefined;
    if (done === undefined) return undefined;
    words.push(done);
    return isQuoted ? undefined : done;
  };

  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (character === "'" || character === '"') {
      const end = closingQuote(text, index);
      if (end === -1) return { problem: `the quote ${character} is never closed` };
      word = (word ?? "") + unescape(text.slice(index + 1, end), character);
      isQuoted = true;
      index = end;
    } else if (character === "\\" && index + 1 < text.length) {
      index += 1;
      word = (word ?? "") + text[index];
      isQuoted = true;
    } else if (/\s/.test(character)) {
      const bare = finish();
      if (bare !== undefined && shellOperators.has(bare)) return { problem: operatorProblem(bare) };
      isQuoted = false;
    } else {
      word = (word ?? "") + character;
    }
  }
  const bare = finish();
  if (bare !== undefined && shellOperators.has(bare)) return { problem: operatorProblem(bare) };
  return words.length > 0 ? { words } : { problem: "the command is empty" };
}

function operatorProblem(operator: string): string {
  return `"${operator}" needs a shell, and commands run without one`;
}

function closingQuote(text: string, open: number): number {
  const quote = text[open];
  for (let index = open + 1; index < text.length; index += 1) {
    if (quote === '"' && text[index] === "\\") index += 1;
    else if (text[index] === quote) return index;
  }
  return -1;
}

function unescape(body: string, quote: string): string {
  return quote === '"' ? body.replaceAll(/\\(["\\$`])/g, "$1") : body;
}
