import { expect, test } from 'vitest';
import { suggestWords } from './suggest-words.ts';

test.each([
  ['an extra letter', 'abbout', ['about']],
  ['a letter missing', 'accdent', ['accident']],
  ['another letter', 'accidant', ['accident']],
  ['two neighbours swapped', 'accidnet', ['accident']],
  ['two mistakes', 'acidant', ['accident']],
  ['only the first four letters, which identify a word', 'acci', ['accident']],
  ['the right beginning', 'accidentally', ['accident']],
  ['a short word', 'zo', ['zoo']],
])('%s: %s', (_, typed, suggested) => {
  expect(suggestWords(typed)).toEqual(suggested);
});

test('at most three words, if several are equally near', () => {
  expect(suggestWords('wat')).toEqual(['cat', 'fat', 'hat']);
});

test.each([
  ['nothing near', 'qqqqqqqq'],
  ['another script', 'слово'],
  ['too little to identify a word', 'q'],
  ['a line without spaces', 'a'.repeat(100_000)],
])('%s: nothing', (_, typed) => {
  expect(suggestWords(typed)).toEqual([]);
});
