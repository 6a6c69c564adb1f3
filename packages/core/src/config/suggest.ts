import { closestMatch } from "leven";

/** The known word that `word` was probably meant to be, or `undefined` when none is near. */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  const candidates = [...known];
  const folded = fold(word);
  const exactButCase = candidates.find((candidate) => fold(candidate) === folded);
  if (exactButCase !== undefined) return exactButCase;
  const [beginning, ...others] =
    folded.length < 3 ? [] : candidates.filter((candidate) => fold(candidate).startsWith(folded));
  if (beginning !== undefined && others.length === 0) return beginning;
  // Two letters swapped are two edits; in a word of three letters that would be nearly everything.
  const maxDistance = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3));
  return closestMatch(word, candidates, { maxDistance });
}

/** `did you mean "…"?` or, when nothing is near, the short list of what there is. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const candidates = [...known];
  const nearest = suggest(word, candidates);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  if (candidates.length === 0 || candidates.length > 20) return undefined;
  return `known: ${candidates.join(", ")}`;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_:\s]/g, "");
}
