import type { LagFigures } from '../snapshot/lag-facts.ts';

/** Counts durations in 384 buckets, which take 1.5 kB. */
export interface Histogram {
  /** `ms` must not be negative. Durations beyond 37 hours count as 37 hours, except as the worst. */
  record(ms: number): void;
  add(other: Histogram): void;
  /** Undefined if empty. */
  read(): LagFigures | undefined;
  readonly parts: HistogramParts;
}

interface HistogramParts {
  readonly counts: Uint32Array;
  /** All buckets outside this range are empty. */
  readonly first: number;
  readonly last: number;
  readonly worstMs: number;
}

/** Up to here, each millisecond has its own bucket; above, each doubling of the time has half that number of buckets. */
const exactMs = 32;
const perDoubling = exactMs / 2;
const bitsOfExact = 5;
const maxBits = 27;
const buckets = exactMs + (maxBits - bitsOfExact) * perDoubling;
export const histogramBytes = buckets * Uint32Array.BYTES_PER_ELEMENT;

export function createHistogram(): Histogram {
  const counts = new Uint32Array(buckets);
  let first = buckets;
  let last = -1;
  let worstMs = 0;

  function percentile(count: number, share: number): number {
    const rank = Math.ceil(count * share);
    let seen = 0;
    for (let bucket = first; bucket <= last; bucket++) {
      seen += counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(middleOf(bucket), worstMs);
    }
    return worstMs;
  }

  return {
    record(ms) {
      const bucket = bucketOf(ms);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      first = Math.min(first, bucket);
      last = Math.max(last, bucket);
      worstMs = Math.max(worstMs, ms);
    },
    add({ parts }) {
      for (let bucket = parts.first; bucket <= parts.last; bucket++) {
        counts[bucket] = (counts[bucket] ?? 0) + (parts.counts[bucket] ?? 0);
      }
      first = Math.min(first, parts.first);
      last = Math.max(last, parts.last);
      worstMs = Math.max(worstMs, parts.worstMs);
    },
    read() {
      let count = 0;
      for (let bucket = first; bucket <= last; bucket++) count += counts[bucket] ?? 0;
      if (count === 0) return undefined;
      return {
        count,
        p50Ms: percentile(count, 0.5),
        p95Ms: percentile(count, 0.95),
        p99Ms: percentile(count, 0.99),
        worstMs,
      };
    },
    get parts() {
      return { counts, first, last, worstMs };
    },
  };
}

function bucketOf(ms: number): number {
  const whole = Math.min(Math.round(ms), 2 ** maxBits - 1);
  if (whole < exactMs) return whole;
  const doublings = 32 - Math.clz32(whole) - bitsOfExact;
  return doublings * perDoubling + (whole >> doublings);
}

function middleOf(bucket: number): number {
  if (bucket < exactMs) return bucket;
  const doublings = Math.floor((bucket - perDoubling) / perDoubling);
  const lowest = (bucket - doublings * perDoubling) * 2 ** doublings;
  return lowest + (2 ** doublings - 1) / 2;
}
