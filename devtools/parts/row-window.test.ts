import { describe, expect, it } from 'vitest';
import { rowWindow, scrollTopFor } from './row-window.ts';

const list = { top: 0, viewHeight: 280, rowHeight: 28, count: 5_000 };

describe('row window', () => {
  it('contains the visible rows and a few around them', () => {
    expect(rowWindow(list)).toMatchObject({ start: 0, end: 14 });
    expect(rowWindow({ ...list, top: 2_800 })).toMatchObject({ start: 97, end: 114 });
    expect(rowWindow({ ...list, top: 4_990 * 28 })).toMatchObject({ start: 4_986, end: 5_000 });
  });

  it('contains only visible rows after a jump, and reuses the elements by position', () => {
    const { start, end, keyOf } = rowWindow({ ...list, top: 2_800, hasJumped: true });
    expect([start, end]).toEqual([100, 111]);
    const further = rowWindow({ ...list, top: 28_000, hasJumped: true });
    const places = Array.from({ length: end - start }, (_, place) => place);
    expect(places.map((place) => keyOf(start + place))).toEqual(places);
    expect(places.map((place) => further.keyOf(further.start + place))).toEqual(places);
  });

  it('covers every visible row at any scroll position', () => {
    for (let top = 0; top <= list.count * list.rowHeight - list.viewHeight; top += 13) {
      const { start, end } = rowWindow({ ...list, top });
      expect(start * list.rowHeight).toBeLessThanOrEqual(top);
      expect(end * list.rowHeight).toBeGreaterThanOrEqual(
        Math.min(top + list.viewHeight, list.count * list.rowHeight),
      );
    }
  });

  it('gives rows unique keys that stay while they remain', () => {
    for (let top = 0; top < 4_000; top += 17) {
      const { start, end, keyOf } = rowWindow({ ...list, top });
      const keys = Array.from({ length: end - start }, (_, offset) => keyOf(start + offset));
      expect(new Set(keys).size).toBe(keys.length);
      expect(keyOf(start)).toBe(rowWindow(list).keyOf(start));
    }
  });

  it('shows the end of a list that is shorter than the scroll position', () => {
    expect(rowWindow({ ...list, top: 100_000, count: 12 })).toMatchObject({ start: 0, end: 12 });
    expect(rowWindow({ ...list, top: 0, count: 0 })).toMatchObject({ start: 0, end: 0 });
  });
});

describe('scrolling to a row', () => {
  const scroll = { top: 2_800, viewHeight: 305, rowHeight: 28, headHeight: 25 };

  it('moves only as far as needed', () => {
    expect(scrollTopFor(100, scroll)).toBeUndefined();
    expect(scrollTopFor(109, scroll)).toBeUndefined();
    expect(scrollTopFor(99, scroll)).toBe(99 * 28);
    expect(scrollTopFor(110, scroll)).toBe(2_828);
  });
});
