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
});
