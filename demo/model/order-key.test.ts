import { describe, expect, it } from 'vitest';
import { orderKeyBetween } from './order-key.ts';

/** A reproducible sequence of pseudorandom numbers in [0, 1). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('orderKeyBetween', () => {
  it('sorts between its neighbours in a thousand seeded insertions', () => {
    const random = seededRandom(7);
    const keys: string[] = [];
    for (let i = 0; i < 1000; i++) {
      const index = Math.floor(random() * (keys.length + 1));
      const lo = keys[index - 1] ?? '';
      const hi = keys[index];
      const key = orderKeyBetween(lo, hi, random);
      expect(key > lo).toBe(true);
      if (hi !== undefined) expect(key < hi).toBe(true);
      keys.splice(index, 0, key);
    }
    expect(keys).toEqual([...keys].sort());
  });

  it('stays short after thousands of additions at either end', () => {
    let last = '';
    let first = orderKeyBetween('', undefined);
    for (let i = 0; i < 5000; i++) {
      const next = orderKeyBetween(last, undefined);
      expect(next > last).toBe(true);
      last = next;
      const before = orderKeyBetween('', first);
      expect(before < first).toBe(true);
      first = before;
    }
    expect(last.length).toBeLessThanOrEqual(7);
    expect(first.length).toBeLessThanOrEqual(7);
  });

  it('returns different keys to two devices that fill the same gap', () => {
    const lo = orderKeyBetween('', undefined);
    const hi = orderKeyBetween(lo, undefined);
    const here = orderKeyBetween(lo, hi, seededRandom(1));
    const there = orderKeyBetween(lo, hi, seededRandom(2));
    expect(here).not.toBe(there);
  });

  it.each([
    ['the same key twice', 'V000abc', 'V000abc'],
    ['neighbours in the wrong order', 'b', 'a'],
    ['keys with foreign characters', 'ä~', 'ä~!'],
  ])('still sorts after its predecessor, given %s', (_, lo, hi) => {
    expect(orderKeyBetween('', undefined)).not.toBe('');
    const key = orderKeyBetween(lo, hi, seededRandom(3));
    if (/^[0-9A-Za-z]*$/.test(lo)) expect(key > lo).toBe(true);
    expect(key).toMatch(/^[0-9A-Za-z]+$/);
  });
});
