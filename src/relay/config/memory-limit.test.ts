import { expect, it } from 'vitest';
import { refusalOf } from '../../../test/support/relay/refusal.ts';
import { defaultMemoryBytes, readMemoryBytes } from './memory-limit.ts';

const GB = 1e9;

it('[RELAY-35] the default limit is 60 % of what the container and the heap may use', () => {
  expect(defaultMemoryBytes(1 * GB, 8 * GB, 4 * GB)).toBe(0.6 * GB);
  // Without a limit, Node gives 0 or a number that is too large.
  expect(defaultMemoryBytes(0, 2 * GB, 4 * GB)).toBe(1.2 * GB);
  expect(defaultMemoryBytes(2 ** 64, 2 * GB, 4 * GB)).toBe(1.2 * GB);
  expect(defaultMemoryBytes(0, 32 * GB, 4 * GB)).toBe(2.4 * GB);
});

it('[RELAY-35] a limit is given in megabytes', async () => {
  expect(readMemoryBytes(200)).toBe(200_000_000);
  expect(readMemoryBytes(undefined)).toBe(defaultMemoryBytes());
  expect(await refusalOf(Promise.resolve().then(() => readMemoryBytes(9)))).toContain('memoryMB is 9');
});
