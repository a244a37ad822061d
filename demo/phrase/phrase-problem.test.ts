import { describe, expect, it } from 'vitest';
import { unknownWordsText, wordAt } from './phrase-problem.ts';

describe('words that are not in the list', () => {
  it.each([
    [[], undefined],
    [[5], 'Word 5 is not'],
    [[1, 24], 'Words 1 and 24 are not'],
    [[1, 2, 3, 4, 5, 6], 'Words 1, 2, 3, 4, 5 and 6 are not'],
    [[1, 2, 3, 4, 5, 6, 7, 8], 'Words 1, 2, 3, 4, 5 and 3 more are not'],
  ])('%j are named by their positions', (positions, names) => {
    expect(unknownWordsText(positions)).toBe(names && `${names} in the list of recovery words.`);
  });
});

describe('the word at the caret', () => {
  it.each([
    ['zoo vote|', [4, 8]],
    ['zoo vo|te abandon', [4, 8]],
    ['zoo |', [4, 4]],
    ['|zoo', [0, 3]],
    ['zoo| vote', [0, 3]],
    ['|', [0, 0]],
  ])('in %j', (text, bounds) => {
    expect(wordAt(text.replace('|', ''), text.indexOf('|'))).toEqual(bounds);
  });
});
