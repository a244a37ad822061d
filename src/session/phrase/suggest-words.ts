import { wordlist } from '@scure/bip39/wordlists/english.js';

/** No two words of the list begin with the same four letters. */
const tellingLength = 4;
const maxSuggestions = 3;
const maxMistakes = 2;

/** Returns the nearest words of the list for a mistyped word; empty if none is near. */
export function suggestWords(typed: string): readonly string[] {
  // Bounds the time: a line without spaces is not a word.
  if (typed.length > 16) return [];
  const allowedMistakes = typed.length <= tellingLength ? 1 : maxMistakes;
  const mistakes = wordlist.map((word) => ({ word, count: mistakesBetween(typed, word) }));
  const minMistakes = Math.min(...mistakes.map(({ count }) => count));
  if (minMistakes <= allowedMistakes) {
    return mistakes
      .filter(({ count }) => count === minMistakes)
      .map(({ word }) => word)
      .slice(0, maxSuggestions);
  }
  if (typed.length < tellingLength) return [];
  return wordlist.filter((word) => word.slice(0, tellingLength) === typed.slice(0, tellingLength));
}

/** Counts missing, extra, replaced and swapped letters. */
function mistakesBetween(a: string, b: string): number {
  let twoBack: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const areSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        at(current, column - 1) + 1,
        at(previous, column) + 1,
        at(previous, column - 1) + (isSame ? 0 : 1),
        areSwapped ? at(twoBack, column - 2) + 1 : Infinity,
      );
    }
    twoBack = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
