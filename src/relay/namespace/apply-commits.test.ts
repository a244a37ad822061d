import type { LocalNode } from 'cojson';
import { expect, it, vi } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createCommitApplier } from './apply-commits.ts';
import { until } from '../../../test/support/until.ts';

it('reads the log again after a failure, but not after it was stopped', async () => {
  const clock = createFakeClock();
  const read = vi.fn(() => Promise.reject(new Error('The database has ended.')));
  const applier = createCommitApplier({
    ...{ node: {} as LocalNode, clock, logger: silentLogger, log: { read } },
    storage: {
      load: () => {},
      loadNewer: () => Promise.resolve(),
      readCommitted: () => Promise.resolve(undefined),
    },
    subscribers: { has: () => false, ids: () => [], of: () => [] },
    forgetUnloaded: () => false,
    sendNewer() {},
  });
  applier.catchUp();
  await until(() => expect(clock.waiting).toBe(1));
  clock.advance(1_000);
  await until(() => expect(read).toHaveBeenCalledTimes(2));
  await until(() => expect(clock.waiting).toBe(1));
  applier.stop();
  expect(clock.waiting).toBe(0);
  applier.catchUp();
  expect(read).toHaveBeenCalledTimes(2);
});
