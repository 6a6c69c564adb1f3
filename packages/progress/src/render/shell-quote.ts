/** Neither special to a shell nor, at the start of a word, to zsh (`=command`). */
const bare = /^[A-Za-z0-9_@+:,./-][A-Za-z0-9_@+=:,./-]*$/;

/** A word as a POSIX shell reads it back unchanged. */
export function shellQuote(word: string): string {
  return bare.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
