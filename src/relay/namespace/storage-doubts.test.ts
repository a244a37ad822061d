import { expect, it, vi } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createStorageDoubts } from './storage-doubts.ts';
import { until } from '../../../test/support/until.ts';

it('compares again for a commit that began before the doubt, and not for those that only overlap with it', async () => {
  const compare = vi.fn(() => Promise.resolve());
  const doubts = createStorageDoubts({ compare, clock: createFakeClock(), logger: silentLogger });
  const settled = () => until(() => expect(doubts.isSure).toBe(true));
  const early = doubts.commitBegun();
  doubts.doubt();
  const late = doubts.commitBegun();
  await settled();
  expect(compare).toHaveBeenCalledTimes(1);
  early();
  expect(doubts.isSure).toBe(false);
  const run = vi.fn();
  doubts.onceSure(run);
  expect(run).not.toHaveBeenCalled();
  await settled();
  expect(compare).toHaveBeenCalledTimes(2);
  expect(run).toHaveBeenCalledOnce();
  late();
  expect(doubts.isSure).toBe(true);
});

it('says in one sentence that the database was created again without tables', async () => {
  const warn = vi.fn();
  const error = Object.assign(new Error('relation "storage_identity" does not exist'), { code: '42P01' });
  const compare = () => Promise.reject(error);
  const logger = { ...silentLogger, warn };
  const doubts = createStorageDoubts({ compare, clock: createFakeClock(), logger });
  doubts.doubt();
  await until(() => expect(doubts.isFailing).toBe(true));
  doubts.stop();
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/lost the tables .* started again/)]]);
});
