import { expect, it } from 'vitest';
import { storageErrorFrom } from '../../storage/storage-error.ts';
import { describeCause } from './describe-cause.ts';
import { toPlainError } from './to-plain-error.ts';

it('distinguishes a failed read from a failed write', () => {
  const cause = new DOMException('disk error', 'UnknownError');
  const causeOf = (isReading?: true) =>
    describeCause(toPlainError(storageErrorFrom(cause, 'STORAGE_WRITE_FAILED', isReading)));
  expect(causeOf()).toBe('writing failed');
  expect(causeOf(true)).toBe('reading failed');
});
