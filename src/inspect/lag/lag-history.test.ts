import { beforeEach, expect, it } from 'vitest';
import type { LagFigures } from '../snapshot/lag-facts.ts';
import { histogramBytes } from './histogram.ts';
import { createLagHistory, everywhere, longestWindowMs, sliceMs, type LagHistory } from './lag-history.ts';

const startMs = 1_700_000_000_000 - (1_700_000_000_000 % sliceMs);
let history: LagHistory;
beforeEach(() => (history = createLagHistory({ startMs, maxBytes: 1_000_000 })));

const add = (laterMs: number, tookMs: number, priority: 'high' | 'medium' | 'low' = 'medium') =>
  history.add({ place: everywhere, measure: 'confirmed', priority, atMs: startMs + laterMs, tookMs });
const read = (laterMs: number, windowMs = 60_000) => history.window(startMs + laterMs, windowMs);
const counts = (laterMs: number, windowMs?: number) =>
  read(laterMs, windowMs).read(everywhere, 'confirmed').all?.count;
const same = (ms: number): LagFigures => ({ count: 1, p50Ms: ms, p95Ms: ms, p99Ms: ms, worstMs: ms });

it('has figures for each priority and for all, and none without samples', () => {
  add(0, 5, 'high');
  add(10, 20, 'low');
  expect(read(10).read(everywhere, 'confirmed')).toEqual({
    all: { count: 2, p50Ms: 5, p95Ms: 20, p99Ms: 20, worstMs: 20 },
    high: same(5),
    low: same(20),
  });
  expect(read(10).read(everywhere, 'saved')).toEqual({});
  expect(read(10).read('eu', 'confirmed')).toEqual({});
});

it('keeps a sample for as long as its window says, and at most half a minute longer', () => {
  add(sliceMs - 1, 5);
  expect(counts(sliceMs - 1 + 60_000)).toBe(1);
  expect(counts(sliceMs + 60_000)).toBeUndefined();
  expect(counts(sliceMs + 60_000, 300_000)).toBe(1);
  expect(counts(sliceMs - 1 + longestWindowMs, longestWindowMs)).toBe(1);
  expect(counts(sliceMs + longestWindowMs, longestWindowMs)).toBeUndefined();
});

it('reports the start of a window, which is its creation while it is young', () => {
  expect(read(10_000).sinceMs).toBe(startMs);
  expect(read(300_000).sinceMs).toBe(startMs + 240_000);
});

it('evicts the oldest samples at the byte limit, and moves the window’s start', () => {
  history = createLagHistory({ startMs, maxBytes: 3 * histogramBytes });
  for (let slice = 0; slice < 5; slice++) add(slice * sliceMs, 5);
  expect(counts(4 * sliceMs, longestWindowMs)).toBe(3);
  expect(read(4 * sliceMs, longestWindowMs).sinceMs).toBe(startMs + 2 * sliceMs);
});

it('starts over when the clock is set back', () => {
  add(3 * sliceMs, 5);
  add(sliceMs, 7);
  expect(read(sliceMs, longestWindowMs).read(everywhere, 'confirmed').all).toEqual(same(7));
  expect(read(sliceMs, longestWindowMs).sinceMs).toBe(startMs + sliceMs);
});

it('reports new samples, and when the windows advance', () => {
  const before = history.version;
  add(0, 5);
  expect(history.version).not.toBe(before);
  expect(history.sliceAt(startMs + sliceMs - 1)).toBe(history.sliceAt(startMs));
  expect(history.sliceAt(startMs + sliceMs)).not.toBe(history.sliceAt(startMs));
});
