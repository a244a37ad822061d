import { expect, it } from 'vitest';
import type { Line } from './line.ts';
import { mergeResults, type Results } from './results.ts';

const line = (suite: string, name: string, ours: number): Line => ({
  suite,
  name,
  unit: 'ms',
  ours,
  peer: 2,
  peerName: 'a peer',
  ratio: 2 / ours,
  rounds: 5,
  oursSpread: [ours, ours],
  peerSpread: [2, 2],
  reading: 'How long it takes.',
});

const results = (date: string, versions: Record<string, string>, ...lines: readonly Line[]): Results => ({
  date,
  commit: date,
  machine: { cpu: 'a cpu', cores: 2, memoryGiB: 4, os: 'an OS', node: '20', versions },
  lines,
});

it('replaces the lines of the suites that ran, and keeps the others', () => {
  const before = results('1', { a: '1', b: '1' }, line('sync', 'x', 1), line('relay', 'gone', 1));
  const run = results('2', { b: '2' }, line('relay', 'y', 3));
  const merged = mergeResults(before, run);
  expect(merged.lines).toEqual([line('relay', 'y', 3), line('sync', 'x', 1)]);
  expect(merged).toMatchObject({ date: '2', commit: '2', machine: { versions: { a: '1', b: '2' } } });
});

it('begins with what ran', () => {
  const run = results('2', {}, line('relay', 'y', 3));
  expect(mergeResults(undefined, run)).toEqual(run);
});
