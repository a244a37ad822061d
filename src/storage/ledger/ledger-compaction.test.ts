import { beforeEach, expect, it, vi } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createLedgerCompaction } from './ledger-compaction.ts';

const begin = vi.fn(() => new Promise<IDBTransaction>(() => {}));
beforeEach(() => void begin.mockClear());

it('begins when the device is idle, after a start that finds many facts', () => {
  const clock = createFakeClock();
  createLedgerCompaction({ clock, begin, logger: silentLogger }).found(64);
  clock.advance(1_000);
  expect(begin).toHaveBeenCalledOnce();
});

it('does not begin after a read that ends once the database was closed, and maybe deleted', () => {
  const clock = createFakeClock();
  const compaction = createLedgerCompaction({ clock, begin, logger: silentLogger });
  compaction.close();
  compaction.found(64);
  clock.advance(10_000);
  expect(begin).not.toHaveBeenCalled();
});
