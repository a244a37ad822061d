import { describe, expect, it } from 'vitest';
import { rowWindow, scrollTopFor } from './row-window.ts';

const list = { top: 0, viewHeight: 280, rowHeight: 28, count: 5_000 };

describe('row window', () => {
  it('holds what is in sight and a few rows beside it, however many there are', () => {
    expect(rowWindow(list)).toEqual({ start: 0, end: 19 });
    expect(rowWindow({ ...list, top: 2_800 })).toEqual({ start: 92, end: 119 });
    expect(rowWindow({ ...list, top: 4_990 * 28 })).toEqual({ start: 4_981, end: 5_000 });
  });

  it('covers every row that is in sight at any scroll position', () => {
    for (let top = 0; top <= list.count * list.rowHeight - list.viewHeight; top += 13) {
      const { start, end } = rowWindow({ ...list, top });
      expect(start * list.rowHeight).toBeLessThanOrEqual(top);
      expect(end * list.rowHeight).toBeGreaterThanOrEqual(
        Math.min(top + list.viewHeight, list.count * list.rowHeight),
      );
    }
  });

  it('shows the end of a list that became shorter than it is scrolled', () => {
    expect(rowWindow({ ...list, top: 100_000, count: 12 })).toEqual({ start: 0, end: 12 });
    expect(rowWindow({ ...list, top: 0, count: 0 })).toEqual({ start: 0, end: 0 });
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
