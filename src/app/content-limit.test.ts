import { expect, it, onTestFinished } from 'vitest';
import { openTwoNodes } from '../../test/support/engine/session-nodes.ts';
import { contentBytes } from '../engine/content.ts';
import { limitContent } from './content-limit.ts';

/** How much is held of 200 kB that come from the storage, with a limit of 100 kB. */
async function bytesOfStored(alsoStored: boolean): Promise<number> {
  const { owner, other, map } = await openTwoNodes();
  const limit = limitContent(other, { maxBytes: 100_000, alsoStored });
  onTestFinished(limit.end);
  limit.watch(map.id);
  map.set('large', 'x'.repeat(200_000), 'private');
  for (const content of owner.getCoValue(map.id).newContentSince() ?? [])
    other.syncManager.handleNewContent(structuredClone(content), 'storage');
  const held = other.getCoValue(map.id).newContentSince() ?? [];
  return held.reduce((sum, content) => sum + contentBytes(content), 0);
}

it('[NAME-9] drops what is stored beyond the limit, if that counts', async () => {
  expect(await bytesOfStored(true)).toBeLessThan(100_000);
  expect(await bytesOfStored(false)).toBeGreaterThan(200_000);
});
