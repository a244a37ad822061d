import { describe, expect, it } from 'vitest';
import { createClientNode } from '../../../../test/support/relay/stock-client.ts';
import {
  createReader,
  describeStorage,
  loadContent,
  loadKnownState,
} from '../../../../test/support/relay/test-storage.ts';
import { sessionsOf, type Content } from '../../../engine/content.ts';
import { createBatchWriter } from './batch-writer.ts';

describeStorage((test) => {
  /** A map whose session the storage has written, and counters for the two ways of committing. */
  async function setUp() {
    const used = { write: 0, transaction: 0 };
    let isFull = false;
    const storage = test.open({
      write(sql, parameters) {
        used.write++;
        if (!isFull) return test.database.write(sql, parameters);
        isFull = false;
        return Promise.reject(new Error('The disk is full.'));
      },
      transaction(run) {
        used.transaction++;
        return test.database.transaction(run);
      },
    });
    const node = await createClientNode(storage);
    const map = node.createGroup().createMap({ a: 1 });
    map.set('a', 2);
    const committed = () => storage.waitForSync(map.id, map.core);
    await committed();
    Object.assign(used, { write: 0, transaction: 0 });
    const fillDisk = () => void (isFull = true);
    return { storage, map, sessionID: node.currentSessionID, committed, used, fillDisk };
  }

  describe('an edit that appends to the last write', () => {
    it('takes one statement and is stored like any other', async () => {
      const { map, committed, used } = await setUp();
      for (let count = 0; count < 3; count++) {
        map.set('a', `${count} ${'x'.repeat(60_000)}`);
        await committed();
      }
      expect(used).toEqual({ write: 3, transaction: 0 });
      expect(await loadKnownState(test.open(), map.id)).toEqual(map.core.knownState());
      const { pieces } = await loadContent(test.open(), map.id);
      const stored = pieces.filter(({ id }) => id === map.id);
      expect(transactionsOf(stored)).toEqual(transactionsOf(map.core.newContentSince(undefined) ?? []));
      // Long sessions are split at signatures, which the statement stores too.
      expect(await test.query(`select * from signatures where covalue_id = $1`, [map.id])).not.toEqual([]);
    });

    it('is compared and completed first if the database has lost rows', async () => {
      const { map, sessionID, committed, used } = await setUp();
      await test.query(
        `delete from transactions where covalue_id = $1 and session_id = $2 and idx =
           (select last_idx - 1 from sessions where covalue_id = $1 and session_id = $2)`,
        [map.id, sessionID],
      );
      await test.query(
        `update sessions set last_idx = last_idx - 1 where covalue_id = $1 and session_id = $2`,
        [map.id, sessionID],
      );
      map.set('a', 3);
      await committed();
      expect(used.transaction).toBe(1);
      const loaded = await createReader(test.open()).load(map.id);
      expect(loaded !== 'unavailable' && loaded.core.knownState()).toEqual(map.core.knownState());
    });

    it('is not appended if the CoValue is gone', async () => {
      const { map, committed } = await setUp();
      await test.query(`delete from covalues where id = $1`, [map.id]);
      map.set('a', 3);
      await committed();
      expect(await test.query(`select id from covalues where id = $1`, [map.id])).toHaveLength(1);
    });

    it('[RELAY-90] is compared first once memory has forgotten an erased CoValue', async () => {
      const { storage, map, committed, used } = await setUp();
      storage.forgetErased(map.id);
      map.set('a', 3);
      await committed();
      expect(used.transaction).toBe(1);
    });

    it('is compared again after a failed commit', async () => {
      const { map, committed, used, fillDisk } = await setUp();
      fillDisk();
      map.set('a', 3);
      await committed();
      expect(used).toEqual({ write: 1, transaction: 1 });
      expect(await loadKnownState(test.open(), map.id)).toEqual(map.core.knownState());
    });
  });
});

it('[RELAY-18] a commit of nothing confirms no mark, which would be missing later', async () => {
  const confirmed: number[] = [];
  const fail = () => Promise.reject(new Error('Nothing is written.'));
  const writer = createBatchWriter({
    database: { write: fail, transaction: fail },
    isDeletionValid: () => true,
    committed: undefined,
    mark: {
      begin: fail,
      isThere: fail,
      advance: () => ({ name: 'mark', next: 1, kept: [[], []] }),
      confirm: (lane) => confirmed.push(lane),
    },
    changed: undefined,
  });
  expect((await writer.commit([])).stored.size).toBe(0);
  expect(confirmed).toEqual([]);
});

const transactionsOf = (pieces: readonly Content[]) =>
  pieces.flatMap((piece) => sessionsOf(piece).flatMap(([, { newTransactions }]) => newTransactions));
