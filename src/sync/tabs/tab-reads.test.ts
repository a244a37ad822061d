import type { RawCoMap } from 'cojson';
import { expect, it, vi } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { nextTask } from '../../base/next-task.ts';
import { createPacer } from '../../base/pacer.ts';
import type { Content } from '../../engine/content.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createTabReads } from './tab-reads.ts';
import { until } from '../../../test/support/until.ts';

async function nodeReading(read: () => Promise<readonly Content[]>) {
  const node = await createAccountNode();
  const map: RawCoMap = node.createGroup().createMap();
  node.setStorage(Object.assign(createMemoryStorage(), { loadNewer: read }));
  return { node, id: map.id };
}

it('[STORE-11] reads what another tab has saved again after a read has failed', async () => {
  const content: Content = { action: 'content', id: 'co_zOne', priority: 0, new: {} };
  const read = vi.fn<() => Promise<readonly Content[]>>();
  read.mockRejectedValueOnce(new DOMException('not now', 'UnknownError')).mockResolvedValue([content]);
  const { node, id } = await nodeReading(read);
  const clock = createFakeClock();
  const imported: Content[] = [];
  const reads = createTabReads({
    node,
    clock,
    pacer: createPacer({ nowMs: clock.nowMs, nextTask }),
    logger: silentLogger,
    importContent: (found) => void imported.push(found),
  });
  reads.read(id);
  await until(() => expect(clock.waiting).toBe(1));
  expect(imported).toEqual([]);
  clock.advance(1_000);
  await until(() => expect(imported).toEqual([content]));
  expect(read).toHaveBeenCalledTimes(2);
});
