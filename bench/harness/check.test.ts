import { expect, it } from 'vitest';
import { findRegressions, tolerance } from './check.ts';
import type { Line } from './line.ts';

const line = (name: string, ratio: number, peerName = 'a peer'): Line => ({
  ...{ suite: 'device', name, unit: 'ms', ours: 1, peer: ratio, peerName, ratio, rounds: 5 },
  ...{ oursSpread: [1, 1], peerSpread: [ratio, ratio], reading: 'How long it takes.' },
});

it('accepts a ratio that is higher, or lower by no more than the tolerance', () => {
  const committed = [line('open', 4), line('save', 4)];
  expect(findRegressions(committed, [line('open', 5), line('save', 4 * tolerance)])).toEqual([]);
});

it('names each line whose ratio is lower', () => {
  const committed = [line('open', 4), line('open', 1, 'another'), line('save', 4)];
  const measured = [line('open', 2), line('open', 1, 'another'), line('save', 4)];
  expect(findRegressions(committed, measured)).toEqual([
    'open, compared with a peer: the ratio is 2, and was 4.',
  ]);
});

it('names a line that was never measured before, instead of accepting whatever it is', () => {
  expect(findRegressions([], [line('open', 4)])).toEqual([
    'open, compared with a peer: bench/results.json has no such line. Run the bench of device.',
  ]);
});
