import { expect, it } from 'vitest';
import { createMemoryStorage } from '../storage/memory-storage.ts';
import { createUnconfirmedMarks } from './unconfirmed-marks.ts';

it('calls back in order once marks are written, each caller for its own write', () => {
  const written: (() => void)[] = [];
  const marks = createUnconfirmedMarks({
    ...createMemoryStorage(),
    trackCoValuesSyncState: (_updates, done) => void written.push(() => done?.()),
  });
  const told: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    marks.set(name, false);
    marks.whenWritten(() => told.push(name));
  }
  marks.whenWritten(() => told.push('c, too'));
  expect(told).toEqual([]);
  written[0]?.();
  expect(told).toEqual(['a']);
  written[1]?.();
  written[2]?.();
  expect(told).toEqual(['a', 'b', 'c', 'c, too']);
  marks.whenWritten(() => told.push('nothing to write'));
  marks.set('d', true);
  marks.whenWritten(() => told.push('d'));
  expect(told.at(-1)).toBe('nothing to write');
  written[3]?.();
  expect(told.at(-1)).toBe('d');
});
