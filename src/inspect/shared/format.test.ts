import { expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration, shortID } from './format.ts';

it.each([
  [-5, 'under 1 s'],
  [999, 'under 1 s'],
  [1_000, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [47 * 3_600_000, '47 h'],
  [72 * 3_600_000, '3 days'],
])('%d ms are %s', (ms, words) => expect(formatDuration(ms)).toBe(words));

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_100, '1.1 kB'],
  [9_960, '10 kB'],
  [96_000, '96 kB'],
  [999_700, '1.0 MB'],
  [2_400_000, '2.4 MB'],
  [7_000_000_000_000, '7000 GB'],
])('%d bytes are %s', (bytes, words) => expect(formatBytes(bytes)).toBe(words));

it('shortens IDs to eight and five characters', () => {
  expect(shortID('co_zQdM9rJtUe3yKxHf8WbGa5SvCnZ2k')).toBe('co_zQdM9…CnZ2k');
  expect(shortID('co_zshort')).toBe('co_zshort');
});

it('formats a count with its noun', () => {
  expect(formatCount(1, 'CoValue')).toBe('1 CoValue');
  expect(formatCount(5_012, 'CoValue')).toBe('5,012 CoValues');
});
