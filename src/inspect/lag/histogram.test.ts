import { expect, it } from 'vitest';
import { createRandom } from '../../base/seeded-random.ts';
import { createHistogram } from './histogram.ts';

function histogramOf(durations: readonly number[]) {
  const histogram = createHistogram();
  for (const ms of durations) histogram.record(ms);
  return histogram;
}

it('has no figures without a sample', () => {
  expect(createHistogram().read()).toBeUndefined();
});

it('is exact to the millisecond for short times, by nearest rank', () => {
  const oneToTwenty = Array.from({ length: 20 }, (_, index) => index + 1);
  expect(histogramOf(oneToTwenty).read()).toEqual({
    count: 20,
    p50Ms: 10,
    p95Ms: 19,
    p99Ms: 20,
    worstMs: 20,
  });
  expect(histogramOf([0]).read()).toEqual({ count: 1, p50Ms: 0, p95Ms: 0, p99Ms: 0, worstMs: 0 });
});

it('is within 3.2 % of the true percentile for long times, and exact for the worst', () => {
  const random = createRandom(7);
  const durations = Array.from({ length: 5_000 }, () => Math.round(10 ** (random() * 7)));
  const figures = histogramOf(durations).read();
  const sorted = [...durations].sort((a, b) => a - b);
  for (const [share, found] of [
    [0.5, figures?.p50Ms],
    [0.95, figures?.p95Ms],
    [0.99, figures?.p99Ms],
  ] as const) {
    const exact = sorted[Math.ceil(durations.length * share) - 1] ?? 0;
    expect(Math.abs((found ?? 0) - exact) / exact).toBeLessThan(0.032);
  }
  expect(figures).toMatchObject({ count: 5_000, worstMs: sorted.at(-1) });
});

it.each([31, 32, 33, 63, 64, 1_000, 65_535, 2 ** 27 - 1, 2 ** 27, 1e12])(
  'keeps a duration of %d ms in a bucket near it',
  (ms) => {
    const { p50Ms = 0, worstMs } = histogramOf([ms, ms * 2]).read() ?? {};
    const kept = Math.min(ms, 2 ** 27 - 1);
    expect(Math.abs(p50Ms - kept) / kept).toBeLessThan(0.032);
    expect(worstMs).toBe(ms * 2);
  },
);

it('adds up as if all samples had been recorded in one', () => {
  const [few, many] = [[5, 700], Array.from({ length: 100 }, (_, index) => index * 40)];
  const sum = histogramOf(few);
  sum.add(histogramOf(many));
  sum.add(createHistogram());
  expect(sum.read()).toEqual(histogramOf([...few, ...many]).read());
});
