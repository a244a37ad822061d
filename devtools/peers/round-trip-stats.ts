import type { Series } from '../../src/inspect/snapshot/measures.ts';

export function roundTripStats(
  series: Series,
): { readonly median: number; readonly max: number } | undefined {
  const known = series.values.filter((value) => value !== null).sort((a, b) => a - b);
  const median = known[Math.floor((known.length - 1) / 2)];
  const max = known.at(-1);
  return median === undefined || max === undefined
    ? undefined
    : { median: Math.round(median), max: Math.round(max) };
}
