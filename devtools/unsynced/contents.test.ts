import { expect, it, vi } from 'vitest';
import type { UnsyncedRow } from '../../src/inspect/snapshot.ts';
import { createContents } from './contents.ts';

const rows = Array.from({ length: 1_200 }, (_, n) => ({ id: `co_z${n}` }) as UnsyncedRow);

it('reads each row once, and a bounded number of them with each look', () => {
  const read = vi.fn((id: string) => `says ${id}`);
  const contents = createContents(read);
  const found = () => rows.filter((row) => contents.of(row) !== '').length;
  expect(found()).toBe(500);
  expect(found()).toBe(500);
  contents.lookAgain();
  expect(found()).toBe(1_000);
  contents.lookAgain();
  expect(found()).toBe(1_200);
  expect(read).toHaveBeenCalledTimes(1_200);
  expect(contents.of(rows[7] as UnsyncedRow)).toBe('says co_z7');
});

it('reads what a new row stands for anew', () => {
  let value = 'one';
  const contents = createContents(() => value);
  const [row] = rows as [UnsyncedRow];
  expect(contents.of(row)).toBe('one');
  value = 'two';
  expect(contents.of(row)).toBe('one');
  expect(contents.of({ ...row })).toBe('two');
});
