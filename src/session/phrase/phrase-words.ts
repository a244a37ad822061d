/**
 * The words of a phrase as somebody typed, pasted or scanned it: in any case, over several lines, numbered, with commas.
 * What is left may still be no word of the list.
 */
export function wordsIn(text: string): readonly string[] {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(invisible, '')
    .split(betweenWords)
    .map((part) => part.replace(aroundWord, ''))
    .filter((word) => word !== '');
}

/** Accents, which decomposition sets apart and no word of the list has, and marks for line breaks and direction. */
const invisible = /[\p{M}\p{Cf}]/gu;

const betweenWords = /[\s.,;:|/\\()_\p{Pd}]+/u;

/** Numbers, bullets and quotation marks; a digit inside of a word is a mistake in it. */
const aroundWord = /^[^\p{L}]+|[^\p{L}]+$/gu;
