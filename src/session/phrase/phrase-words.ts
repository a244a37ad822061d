/** A check of the phrase that the user is typing. Contains none of the text. */
export interface PhraseCheck {
  readonly count: number;
  /** The positions of the words that are not in the list, from 1. Empty if there are more than 48 words. */
  readonly unknown: readonly number[];
}

/**
 * Accepts any case, several lines, numbers and commas. The returned words may not be in the word list. Throws a TypeError
 * if it is no string: JavaScript callers may pass an object.
 */
export function wordsIn(text: unknown): readonly string[] {
  if (typeof text !== 'string')
    throw new TypeError('The recovery phrase is not a string. Pass the text that the user typed.');
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(invisible, '')
    .split(betweenWords)
    .map((part) => part.replace(aroundWord, ''))
    .filter((word) => word !== '');
}

/** Accents, which decomposition separates and no listed word has, and marks for line breaks and text direction. */
const invisible = /[\p{M}\p{Cf}]/gu;

const betweenWords = /[\s.,;:|/\\()_\p{Pd}]+/u;

/** Numbers, bullets and quotation marks. A digit inside a word is a typing mistake. */
const aroundWord = /^[^\p{L}]+|[^\p{L}]+$/gu;
