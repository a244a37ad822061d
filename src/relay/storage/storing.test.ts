import { LocalNode, type RawCoID } from 'cojson';
import { describe, expect, it, vi } from 'vitest';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import {
  createReader,
  loadContent,
  loadKnownState,
  describeStorage,
} from '../../../test/support/relay/test-storage.ts';
import type { Content, KnownState } from '../../engine/content.ts';
import type { Database } from '../database/database.ts';
import { beginErasure } from '../erasure/erasure-rows.ts';
import type { SqlStorage } from './sql-storage.ts';
import { until } from '../../../test/support/until.ts';

const unowned = { type: 'unsafeAllowAll' } as const;

describeStorage((test) => {
  describe('a write', () => {
    it('requests missing earlier content from cojson once and stores it', async () => {
      const { node, group, committed } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      map.set('b', 2);
      await committed();
      await test.query(`delete from covalues where id = $1`, [map.id]);
      await test.query(`delete from sessions where covalue_id = $1`, [map.id]);
      await test.query(`delete from transactions where covalue_id = $1`, [map.id]);

      map.set('c', 3);
      await map.core.waitForSync();
      await committed();
      const loaded = await createReader(test.open()).load(map.id);
      expect(loaded !== 'unavailable' && loaded.core.knownState()).toEqual(map.core.knownState());
      expect(node.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
    });

    it('is never reported as done or committed if earlier content is unavailable', async () => {
      const { group, committed } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      const [piece] = map.core.newContentSince({ id: map.id, header: true, sessions: {} }) ?? [];
      const storage = test.open();
      const done = vi.fn();
      const acknowledged = vi.fn();
      const correct = vi.fn(() => undefined);
      await committed();
      await test.query(`delete from covalues where id = $1`, [map.id]);
      if (piece) storage.store(piece, correct, done);
      storage.afterCommit(map.id, acknowledged);
      await until(() => expect(correct).toHaveBeenCalled());
      await until(() => expect(storage.pending).toBe(0));
      storage.afterCommit(map.id, acknowledged);
      expect(correct).toHaveBeenCalledExactlyOnceWith({ id: map.id, header: false, sessions: {} });
      expect(done).not.toHaveBeenCalled();
      expect(acknowledged).not.toHaveBeenCalled();
      const written = vi.fn();
      storage.onceWritten(undefined, written);
      expect(written).toHaveBeenCalledOnce();

      // [RELAY-90] An erased CoValue holds up nothing.
      storage.afterCommit(undefined, acknowledged);
      expect(acknowledged).not.toHaveBeenCalled();
      storage.forgetErased(map.id);
      storage.afterCommit(undefined, acknowledged);
      expect(acknowledged).toHaveBeenCalledOnce();
    });

    it('[RELAY-93] leaves out a CoValue of someone erased, also if what is stored must come with its beginning', async () => {
      const node = await createClientNode();
      const [group, others] = [node.createGroup(), node.createGroup()];
      const accountID = node.expectCurrentAccountID('test');
      await beginErasure(test.database, {
        ...{ id: 'begun', salt: 'salt', askedAtMs: 0 },
        person: { accountID, agentIDs: [] },
      });
      let isKnown = false;
      const dropped = vi.fn();
      const warn = vi.fn();
      const refresh = () => Promise.resolve(void (isKnown = true));
      const storage = test.open(undefined, {
        erased: { has: (id) => isKnown && id === accountID, refresh, dropped },
        logger: { debug() {}, warn },
      });
      const byOther = (id: RawCoID): Content => {
        const [content] = node.getCoValue(id).newContentSince() ?? [];
        const [session] = Object.values(content?.new ?? {});
        if (!content?.header || !session) throw new Error('Nothing is there.');
        const header = { ...content.header, ...(id === others.id && { ruleset: unowned }) };
        return { ...content, header, new: { co_zOther_session_z: session } } as Content;
      };
      const { header, ...tail } = byOther(group.id);
      storage.store(tail, () => [{ ...tail, header } as Content]);
      storage.store(byOther(others.id), () => undefined);
      await new Promise<void>((resolve) => storage.afterCommit(undefined, resolve));
      expect(await test.query(`select id from covalues`)).toEqual([{ id: others.id }]);
      expect(dropped.mock.calls).toEqual([[{ id: group.id, isGone: true }]]);
      expect(warn).not.toHaveBeenCalled();
      await test.query(`truncate erasures, erased`);
    });

    it('[RELAY-90] no longer counts as a deletion that may be stored once memory has forgotten the CoValue', async () => {
      for (const isErased of [false, true]) {
        const storage = test.open();
        const map = (await createClientNode()).createGroup().createMap({ a: 1 });
        const store = (since?: KnownState) => {
          for (const content of map.core.newContentSince(since) ?? [])
            storage.store(content, () => undefined);
          return new Promise<void>((resolve) => storage.afterCommit(map.id, resolve));
        };
        await store();
        const before = structuredClone(map.core.knownState());
        map.core.deleteCoValue();
        storage.markDeleteAsValid(map.id);
        if (isErased) storage.forgetErased(map.id);
        await store(before);
        const rows = await test.query(`select from deletions where covalue_id = $1`, [map.id]);
        expect(rows).toHaveLength(isErased ? 0 : 1);
      }
    });

    it('is committed once, even if its news cannot be passed on', async () => {
      const { group, committed } = await test.createWriter();
      await committed();
      const map = group.createMap({ a: 1 });
      const failed = vi.fn();
      const storage = test.open({}, { failed });
      const pieces = map.core.newContentSince(undefined) ?? [];
      const done = vi.fn(() => {
        throw new Error('The client is gone.');
      });
      for (const piece of pieces) storage.store(piece, () => undefined, done);
      await new Promise<void>((resolve) => storage.afterCommit(map.id, resolve));
      expect(done).toHaveBeenCalledTimes(pieces.length);
      expect(failed).not.toHaveBeenCalled();
      expect(storage.failure).toBeUndefined();
    });

    it('changes nothing for stored content', async () => {
      const { storage, group, committed } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      await committed();
      const before = await test.query(`select * from sessions order by 1, 2`);
      for (const piece of map.core.newContentSince(undefined) ?? []) storage.store(piece, () => undefined);
      await committed();
      expect(await test.query(`select * from sessions order by 1, 2`)).toEqual(before);
    });

    it('is done only after its commit, and is retried after a failure', async () => {
      let isFull = false;
      const storage = test.open({
        transaction: (run) =>
          test.database.transaction(async (query) => {
            const result = await run(query);
            if (isFull) throw new Error('The disk is full.');
            return result;
          }),
      });
      const node = await createClientNode(storage);
      const group = node.createGroup();
      await storage.waitForSync(group.id, group.core);
      isFull = true;
      const map = group.createMap({ a: 1 });
      await until(() => expect(storage.failure).toEqual(new Error('The disk is full.')));
      const committed = vi.fn();
      const done = vi.fn();
      storage.afterCommit(map.id, committed);
      for (const piece of map.core.newContentSince(undefined) ?? [])
        storage.store(piece, () => undefined, done);
      await until(() => expect(storage.pending).toBeGreaterThan(1));
      expect(await test.query(`select * from covalues where id = $1`, [map.id])).toEqual([]);
      expect(committed).not.toHaveBeenCalled();
      expect(done).not.toHaveBeenCalled();

      isFull = false;
      await until(() => expect(done).toHaveBeenCalledOnce());
      expect(committed).toHaveBeenCalledOnce();
      expect(storage.failure).toBeUndefined();
      expect(await loadKnownState(test.open(), map.id)).toEqual(map.core.knownState());
    });

    it('delays reads of its known state', async () => {
      const { storage, group } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      map.set('b', 2);
      await storage.waitForSync(map.id, map.core);
      expect(await loadKnownState(test.open(), map.id)).toEqual(map.core.knownState());
    });

    it('is reported as changed even if the answer to its commit got lost', async () => {
      const { group, committed } = await test.createWriter();
      await committed();
      const map = group.createMap({ a: 1 });
      const changed = vi.fn();
      let isFirst = true;
      const transaction: Database['transaction'] = async (run) => {
        const result = await test.database.transaction(run);
        if (isFirst) {
          isFirst = false;
          throw new Error('The connection is lost.');
        }
        return result;
      };
      const storage = test.open({ transaction }, { changed });
      for (const piece of map.core.newContentSince(undefined) ?? []) storage.store(piece, () => undefined);
      await until(() => expect(changed).toHaveBeenCalled());
      expect(changed).toHaveBeenCalledExactlyOnceWith([map.id]);
    });

    it('is still committed by close if it is queued', async () => {
      const { group } = await test.createWriter();
      const maps = Array.from({ length: 200 }, (_, index) => group.createMap({ index }));
      const second = test.open({ close: () => Promise.resolve() });
      for (const map of maps)
        for (const piece of map.core.newContentSince(undefined) ?? []) second.store(piece, () => undefined);
      await second.close();
      const rows = await test.query(`select id from covalues where id = any($1::text[])`, [
        maps.map(({ id }) => id),
      ]);
      expect(rows).toHaveLength(200);
    });
  });

  describe('a forked session', () => {
    it('keeps the branch stored first; content on the other branch is neither stored nor reported as done', async () => {
      const { node, group, committed } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      await committed();
      // Evicts the CoValue, as a relay does: the state in memory builds on the refused branch.
      const forked = vi.fn(() => copy.internalDeleteCoValue(map.id));
      const other = test.open({}, { forked });
      const copy = createCopy(node, other);
      const copiedMap = await copy.load(map.id);
      if (copiedMap === 'unavailable') throw new Error('The map is unavailable.');

      map.set('a', 'stands');
      await map.core.waitForSync();
      await committed();
      const stored = await test.query(`select * from transactions order by 1, 2, 3`);
      const acknowledged = vi.fn();
      const done = vi.fn();
      for (const value of ['refused', 'built on it', 'and on that']) {
        const before = structuredClone(copiedMap.core.knownState());
        copiedMap.set('a', value);
        for (const piece of copiedMap.core.newContentSince(before) ?? [])
          other.store(piece, () => undefined, done);
        other.afterCommit(map.id, acknowledged);
        other.afterCommit(undefined, acknowledged);
      }
      await until(() => expect(forked).toHaveBeenCalled());
      expect(forked).toHaveBeenCalledWith({ id: map.id, sessionID: node.currentSessionID });
      await until(() => expect(other.pending).toBe(0));
      expect(acknowledged).not.toHaveBeenCalled();
      expect(done).not.toHaveBeenCalled();
      expect(await test.query(`select * from transactions order by 1, 2, 3`)).toEqual(stored);
    });

    it('is not detected if only the key order differs', async () => {
      const forked = vi.fn();
      const { group, committed } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      await committed();
      const [piece] = map.core.newContentSince(undefined) ?? [];
      const other = test.open({}, { forked });
      const done = vi.fn();
      if (piece) other.store(withKeysReversed(piece), () => undefined, done);
      await until(() => expect(done).toHaveBeenCalledOnce());
      expect(forked).not.toHaveBeenCalled();
    });
  });

  describe('a recreated CoValue that is already stored', () => {
    it('is reported, so that its history is loaded', async () => {
      const { group, committed } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      await committed();
      const found = vi.fn();
      const storage = test.open({}, { foundOlder: found });
      const [piece] = map.core.newContentSince(undefined) ?? [];
      if (piece) storage.store({ ...piece, new: {} }, () => undefined);
      await until(() => expect(found).toHaveBeenCalledExactlyOnceWith(map.id));

      await loadContent(storage, map.id);
      if (piece) storage.store({ ...piece, new: {} }, () => undefined);
      await new Promise<void>((resolve) => storage.afterCommit(map.id, resolve));
      expect(found).toHaveBeenCalledOnce();
    });
  });
});

/** Another node that writes the same session. */
function createCopy(node: LocalNode, storage: SqlStorage): LocalNode {
  const copy = new LocalNode(node.agentSecret, node.currentSessionID, node.crypto);
  copy.setStorage(storage);
  return copy;
}

function withKeysReversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withKeysReversed) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, inner]) => [key, withKeysReversed<unknown>(inner)])) as T;
}
