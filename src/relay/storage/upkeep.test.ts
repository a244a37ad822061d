import { describe, expect, it } from 'vitest';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import { createReader, describeStorage } from '../../../test/support/relay/test-storage.ts';

describeStorage((test) => {
  describe('deletion', () => {
    it('erases the history and keeps the record of the deletion', async () => {
      const { storage, node, group, committed } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      const other = group.createMap({ a: 1 });
      await committed();
      map.core.deleteCoValue();
      await map.core.waitForSync();
      await committed();
      await storage.eraseAllDeletedCoValues();

      const left = await test.query<{ session: string }>(
        `select session_id as session from sessions where covalue_id = $1`,
        [map.id],
      );
      expect(left.map(({ session }) => session.at(-1))).toEqual(['$']);
      expect(await test.query(`select * from transactions where covalue_id = $1`, [map.id])).toHaveLength(1);
      expect(await test.query(`select * from deletions where not erased`)).toEqual([]);

      const reader = createReader(test.open());
      await reader.loadCoValueCore(map.id);
      expect(reader.getCoValue(map.id).isDeleted).toBe(true);
      expect(await reader.load(other.id)).not.toBe('unavailable');
      expect(node.getCoValue(other.id).isDeleted).toBe(false);
    });

    it('requires a valid deletion message', async () => {
      const { storage, group, committed } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      await committed();
      const deleting = await createClientNode();
      const session = crypto.newDeleteSessionID(deleting.getCurrentAgent().id);
      const [piece] = map.core.newContentSince(undefined) ?? [];
      const [content] = Object.values(piece?.new ?? {});
      if (piece && content)
        storage.store({ ...piece, new: { [session]: { ...content, after: 0 } } }, () => undefined);
      await committed();
      await storage.eraseAllDeletedCoValues();
      expect(await test.query(`select * from deletions`)).toEqual([]);
    });
  });

  describe('the state for upstream servers', () => {
    it('is updated in order', async () => {
      const { storage } = await test.createWriter();
      // Ignore other IDs, whose states the nodes of other tests may still be updating.
      const unsynced = async () => {
        const ids = await new Promise<string[]>((resolve) => storage.getUnsyncedCoValueIDs(resolve));
        return ids.filter((id) => id === 'co_zA' || id === 'co_zB');
      };
      storage.trackCoValuesSyncState([
        { id: 'co_zA', peerId: 'x', synced: false },
        { id: 'co_zA', peerId: 'y', synced: false },
        { id: 'co_zB', peerId: 'x', synced: false },
      ]);
      storage.trackCoValuesSyncState([{ id: 'co_zB', peerId: 'x', synced: true }]);
      expect(await unsynced()).toEqual(['co_zA']);
      storage.stopTrackingSyncState('co_zA');
      storage.trackCoValuesSyncState([{ id: 'co_zA', peerId: 'z', synced: false }]);
      expect(await unsynced()).toEqual(['co_zA']);
      storage.stopTrackingSyncState('co_zA');
      expect(await unsynced()).toEqual([]);
    });

    it('is reconciled by one node at a time, and not again too soon', async () => {
      const { storage, node } = await test.createWriter();
      const other = crypto.newRandomSessionID(node.getCurrentAgent().id);
      const acquire = (session = node.currentSessionID) =>
        new Promise((resolve) => storage.tryAcquireStorageReconciliationLock(session, 'server', resolve));
      expect(await acquire()).toEqual({ acquired: true, lastProcessedOffset: 0 });
      expect(await acquire(other)).toEqual({ acquired: false, reason: 'lock_held' });
      storage.renewStorageReconciliationLock(node.currentSessionID, 'server', 100);
      expect(await acquire()).toEqual({ acquired: true, lastProcessedOffset: 100 });
      storage.releaseStorageReconciliationLock(other, 'server');
      expect(await acquire()).toEqual({ acquired: true, lastProcessedOffset: 100 });
      storage.releaseStorageReconciliationLock(node.currentSessionID, 'server');
      expect(await acquire()).toEqual({ acquired: false, reason: 'not_due' });
    });
  });
});
