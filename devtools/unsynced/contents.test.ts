import { expect, it, vi } from 'vitest';
import type { UnsyncedRow } from '../../src/inspect/snapshot/unsynced-row.ts';
import { createContents } from './contents.ts';

const rows = Array.from({ length: 1_200 }, (_, n) => ({ id: `co_z${n}` }) as UnsyncedRow);

it('reads each row once, in portions of limited size', () => {
  const read = vi.fn((id: string) => `content of ${id}`);
  const contents = createContents(read);
  const found = () => rows.filter((row) => contents.of(row) !== '').length;
  expect(found()).toBe(500);
  expect(found()).toBe(500);
  contents.startPortion();
  expect(found()).toBe(1_000);
  contents.startPortion();
  expect(found()).toBe(1_200);
  expect(read).toHaveBeenCalledTimes(1_200);
  expect(contents.of(rows[7] as UnsyncedRow)).toBe('content of co_z7');
});

it('reads a changed row again', () => {
  let value = 'one';
  const contents = createContents(() => value);
  const [row] = rows as [UnsyncedRow];
  expect(contents.of(row)).toBe('one');
  value = 'two';
  expect(contents.of(row)).toBe('one');
  expect(contents.of({ ...row })).toBe('two');
});
