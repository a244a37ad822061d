import { expect, test } from 'vitest';
import { marksOf } from './marks-of.ts';

test('groups the segments of a glyph by state', () => {
  expect(marksOf({ saved: 'reached', sent: 'reached', confirmed: 'stuck', durable: 'ahead' })).toEqual([
    { state: 'reached', at: [0, 8] },
    { state: 'stuck', at: [16] },
    { state: 'ahead', at: [24] },
  ]);
  expect(marksOf({ saved: 'reached', sent: 'waiting', confirmed: 'ahead', durable: 'ahead' })).toEqual([
    { state: 'reached', at: [0] },
    { state: 'waiting', at: [8] },
    { state: 'ahead', at: [16, 24] },
  ]);
});
