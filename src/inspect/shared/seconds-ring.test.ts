import { describe, expect, it } from 'vitest';
import { createSecondsRing } from './seconds-ring.ts';

const startMs = 100_000;
const ring = () => createSecondsRing({ startMs, seconds: 4, maxBytes: 10_000 });

describe('seconds ring', () => {
  it('sums counts within a second and shows whole seconds only', () => {
    const own = ring();
    own.count('sent', 102_000, 2);
    own.count('sent', 102_999, 3);
    own.count('sent', 104_500, 7);
    expect(own.counts('sent', 104_900)).toEqual({ endMs: 104_000, values: [0, 0, 5, 0] });
    expect(own.counts('sent', 105_000).values).toEqual([0, 5, 0, 7]);
  });

  it('distinguishes seconds before its start from empty ones', () => {
    expect(ring().counts('sent', 102_000).values).toEqual([null, null, 0, 0]);
  });

  it('keeps the highest reading of a second, and has no data without one', () => {
    const own = ring();
    own.measure('depth', 101_100, 3);
    own.measure('depth', 101_200, 9);
    own.measure('depth', 101_300, 'unknown');
    own.measure('depth', 103_000, 0);
    expect(own.measures('depth', 104_000).values).toEqual([null, 9, null, 0]);
    expect(own.measures('other', 104_000).values).toEqual([null, null, null, null]);
  });

  it('ignores stale slots', () => {
    const own = ring();
    own.measure('depth', 101_000, 9);
    expect(own.peak('depth', 105_999)).toBe(9);
    expect(own.peak('depth', 106_000)).toBe('unknown');
    expect(own.counts('depth', 900_000).values).toEqual([0, 0, 0, 0]);
  });

  it('includes the current second in the peak', () => {
    const own = ring();
    own.measure('depth', 101_000, 2);
    own.measure('depth', 103_500, 5);
    expect(own.peak('depth', 103_600)).toBe(5);
  });

  it('takes the mean over the seconds since its start if it is young', () => {
    const own = ring();
    own.count('sent', 100_100, 10);
    expect(own.perSecond('sent', 100_900, 4)).toBe(0);
    expect(own.perSecond('sent', 102_000, 4)).toBe(5);
    expect(own.perSecond('sent', 104_000, 4)).toBe(2.5);
    expect(own.perSecond('sent', 105_000, 4)).toBe(0);
  });

  it('stays within its byte limit by evicting the oldest name', () => {
    const own = createSecondsRing({ startMs, seconds: 4, maxBytes: 2 * 5 * 16 });
    for (const name of ['a', 'b', 'c']) own.measure(name, 101_000, 1);
    expect(own.peak('a', 101_000)).toBe('unknown');
    expect(own.peak('b', 101_000)).toBe(1);
    expect(own.peak('c', 101_000)).toBe(1);
  });
});
