import { expect, it } from 'vitest';
import { readEarlier } from './read-meta.ts';

const s = 'co_zAuthor_session_z1';
const place = { s, mi: 0, t: 5 };

it.each([
  [undefined, 0],
  [{}, 0],
  [{ at: 'co_zA/session', heads: {} }, 0],
  [place, 5],
  [{ ...place, b: 'co_zBranch' }, 5],
])('[GROUP-1] a transaction with the meta %j counts', (meta, earlierMs) => {
  expect(readEarlier('co_zAuthor', meta)).toBe(earlierMs);
});

it.each([
  [5],
  ['text'],
  [null],
  [[]],
  [{ fww: 'init' }],
  [{ branch: 'co_zB' }],
  [{ merged: null }],
  [{ from: null }],
  [{ mi: 0 }],
  [{ mi: 0, t: 5 }],
  [{ ...place, s: 'co_zOther_session_z1' }],
  [{ ...place, s: 'co_zAuthorB_session_z1' }],
  [{ ...place, mi: -1 }],
  [{ ...place, mi: '0' }],
  [{ ...place, t: -1 }],
  [{ ...place, t: 0 }],
  [{ ...place, t: Infinity }],
  [{ ...place, b: 5 }],
])('[GROUP-1] a transaction with the meta %j counts nowhere', (meta) => {
  expect(readEarlier('co_zAuthor', meta)).toBeUndefined();
});
