import { expect, it } from 'vitest';
import { createFakeMarks } from '../../../test/support/platform/fake-marks.ts';
import { createRemovalMarks } from './removal-marks.ts';

it('an account is marked until the mark is removed, and other accounts keep theirs', () => {
  const marks = createRemovalMarks(createFakeMarks());
  for (const id of ['co_z1', 'co_z2', 'co_z1']) marks.add(id);
  expect(marks.all()).toEqual(['co_z1', 'co_z2']);
  marks.remove('co_z1');
  expect([marks.has('co_z1'), marks.has('co_z2')]).toEqual([false, true]);
});

it.each(['{', '{}', '[1]'])('what another script wrote marks no account: %s', (text) => {
  const stored = createFakeMarks();
  stored.setItem('maia/removals', text);
  expect(createRemovalMarks(stored).all()).toEqual([]);
});

it('nothing is marked if the browser has no localStorage, or its storage is full', () => {
  const full = {
    ...createFakeMarks(),
    setItem() {
      throw new DOMException('full', 'QuotaExceededError');
    },
  };
  for (const stored of [undefined, full]) {
    const marks = createRemovalMarks(stored);
    marks.add('co_z1');
    expect(marks.all()).toEqual([]);
  }
});
