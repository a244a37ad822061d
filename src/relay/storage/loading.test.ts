import { cojsonInternals, LocalNode, type CoValueCore, type RawCoMap, type RawCoValue } from 'cojson';
import { describe, expect, it, vi } from 'vitest';
import { crypto } from '../../../test/support/relay/stock-client.ts';
import {
  createReader,
  loadContent,
  loadKnownState,
  describeStorage,
} from '../../../test/support/relay/test-storage.ts';
import { readSnapshots } from './read-rows.ts';
import { until } from '../../../test/support/until.ts';

const contentOf = (core: CoValueCore) => core.newContentSince(undefined) ?? [];

describeStorage((test) => {
  describe('stored content', () => {
    it('loads unchanged in another node, for every kind of CoValue', async () => {
      const { group, committed } = await test.createWriter();
      group.addMember('everyone', 'reader');
      const map = group.createMap({ a: 1, b: 'ü\u0000\ud800' });
      map.set('private', { deep: [1, 2] });
      const list = group.createList(['x', 'y']);
      const text = group.createPlainText('some words');
      const stream = group.createStream();
      stream.push('item');
      await map.core.waitForSync();
      await committed();

      const reader = createReader(test.open());
      for (const value of [map, list, text, stream]) {
        const loaded = await reader.load<RawCoValue>(value.id);
        expect(loaded !== 'unavailable' && loaded.toJSON()).toEqual(value.toJSON());
        expect(loaded !== 'unavailable' && loaded.core.knownState()).toEqual(value.core.knownState());
      }
    });

    it('is found, listed and counted', async () => {
      const { storage, node, group, committed } = await test.createWriter();
      const maps = Array.from({ length: 5 }, () => group.createMap({ a: 1 }));
      await committed();
      const [map] = maps;
      expect(await loadKnownState(test.open(), map?.id ?? '')).toEqual(map?.core.knownState());
      expect(await loadKnownState(test.open(), 'co_zNobody')).toBeUndefined();
      expect(storage.getKnownState(map?.id ?? '')).toEqual(map?.core.knownState());

      const all = [...node.allCoValues()].map(({ id }) => id).sort();
      const pages: string[] = [];
      for (let offset = 0; offset < all.length; offset += 2) {
        const page = await new Promise<{ id: string }[]>((resolve) =>
          storage.getCoValueIDs(2, offset, resolve),
        );
        pages.push(...page.map(({ id }) => id));
      }
      expect(pages).toEqual(all);
      expect(await new Promise((resolve) => storage.getCoValueCount(resolve))).toBe(all.length);
    });

    it('is not found for an unknown ID', async () => {
      expect(await loadContent(test.open(), 'co_zNobody')).toEqual({ found: false, pieces: [] });
    });

    it('is handed out after its dependencies, each of them once', async () => {
      const { node, group, committed } = await test.createWriter();
      const parent = node.createGroup();
      group.extend(parent);
      const [first, second] = [group.createMap({ a: 1 }), group.createMap({ a: 2 })];
      await committed();

      const storage = test.open();
      const pieces = (await loadContent(storage, first.id)).pieces.map(({ id }) => id);
      expect(pieces.at(-1)).toBe(first.id);
      expect(new Set(pieces)).toEqual(
        new Set([node.getCurrentAccountOrAgentID(), parent.id, group.id, first.id]),
      );
      expect(pieces.indexOf(parent.id)).toBeLessThan(pieces.indexOf(group.id));
      expect(pieces).toHaveLength(4);
      expect((await loadContent(storage, second.id)).pieces.map(({ id }) => id)).toEqual([second.id]);

      storage.onCoValueUnmounted(group.id);
      expect((await loadContent(storage, second.id)).pieces.map(({ id }) => id)).toEqual([
        group.id,
        second.id,
      ]);
    });

    it('[RELAY-35] goes through each dependency once, however many ways lead to it', async () => {
      const { node, group, committed } = await test.createWriter();
      let above = [group];
      for (let level = 0; level < 8; level++) {
        const below = [node.createGroup(), node.createGroup()];
        for (const one of below) for (const parent of above) one.extend(parent);
        above = below;
      }
      const map = above[0]?.createMap({ a: 1 });
      await committed();

      const searches = vi.spyOn(cojsonInternals, 'getDependedOnCoValues');
      const { pieces } = await loadContent(test.open(), map?.id ?? '');
      // The account, the groups, of the lowest only one, and the map.
      expect(pieces).toHaveLength(1 + 1 + 15 + 1);
      expect(searches).toHaveBeenCalledTimes(pieces.length);
      searches.mockRestore();
    });

    it('loads CoValues that depend on each other, also concurrently', async () => {
      const { node, committed } = await test.createWriter();
      const groups = Array.from({ length: 6 }, () => node.createGroup());
      groups.forEach((group, index) => groups[index - 1]?.extend(group));
      await committed();
      await test.query(`update transactions set tx = replace(tx, $1, $2) where covalue_id = $3`, [
        `parent_${groups[1]?.id}`,
        `parent_${groups[5]?.id}`,
        groups[0]?.id,
      ]);
      await test.query(
        `insert into transactions select $1, session_id, 9999, '{"privacy":"trusting","madeAt":1,"changes":"[{\\"op\\":\\"set\\",\\"key\\":\\"parent_' || $2 || '\\"}]"}'
       from sessions where covalue_id = $1`,
        [groups[5]?.id, groups[0]?.id],
      );
      const storage = test.open();
      const results = await Promise.all(groups.map(({ id }) => loadContent(storage, id)));
      expect(results.every(({ found }) => found)).toBe(true);
    });

    it('is split at signatures if it is large', async () => {
      const { group, committed } = await test.createWriter();
      const stream = group.createBinaryStream();
      stream.startBinaryStream({ mimeType: 'text/plain' });
      for (let part = 0; part < 12; part++) stream.pushBinaryStreamChunk(crypto.randomBytes(40_000));
      stream.endBinaryStream();
      await committed();

      const { pieces } = await loadContent(test.open(), stream.id);
      const streamPieces = pieces.filter(({ id }) => id === stream.id);
      expect(streamPieces.length).toBeGreaterThan(4);
      expect(streamPieces[0]?.header).toBeDefined();
      expect(streamPieces[0]?.expectContentUntil).toEqual(stream.core.knownState().sessions);
      expect(streamPieces.slice(1).every(({ header }) => header === undefined)).toBe(true);

      const reader = createReader(test.open());
      await reader.loadCoValueCore(stream.id);
      const loaded = reader.getCoValue(stream.id);
      await until(() => expect(loaded.isStreaming()).toBe(false));
      expect(loaded.knownState()).toEqual(stream.core.knownState());
    });

    it('[RELAY-29] is packed into messages of about 100 kB, however many sessions it has', async () => {
      const { node, group, committed } = await test.createWriter();
      const map = group.createMap();
      map.set('word', 'first', 'trusting');
      const { agentSecret } = node.getCurrentAgent();
      const accountID = node.expectCurrentAccountID('test');
      const history = [node.getCoValue(accountID), group.core, map.core].flatMap((core) => contentOf(core));
      for (let session = 0; session < 50; session++) {
        const other = new LocalNode(agentSecret, crypto.newRandomSessionID(accountID), crypto);
        for (const content of history) other.syncManager.handleNewContent(content, 'import');
        const copy = other.expectCoValueLoaded(map.id).getCurrentContent() as RawCoMap;
        copy.set(`key ${session}`, 'x'.repeat(session === 40 ? 150_000 : 9_000), 'trusting');
        if (session === 40) copy.set('key 40', 'shorter', 'trusting');
        const [added] = copy.core.newContentSince(map.core.knownState()) ?? [];
        if (added) node.syncManager.handleNewContent(added, 'import');
      }
      await committed();

      const pieces = (await loadContent(test.open(), map.id)).pieces.filter(({ id }) => id === map.id);
      expect(pieces[0]?.header).toBeDefined();
      expect(pieces[0]?.expectContentUntil).toEqual(map.core.knownState().sessions);
      expect(pieces.slice(1).every(({ header }) => header === undefined)).toBe(true);
      const lengths = pieces.map((piece) => JSON.stringify(piece).length);
      expect(lengths.filter((length) => length > 120_000)).toHaveLength(1);
      expect(pieces.length).toBeLessThan(10);

      const reader = createReader(test.open());
      await reader.loadCoValueCore(map.id);
      const loaded = reader.getCoValue(map.id);
      await until(() => expect(loaded.isStreaming()).toBe(false));
      expect(loaded.knownState()).toEqual(map.core.knownState());
      const copy = reader.expectCoValueLoaded(map.id).getCurrentContent() as RawCoMap;
      const keys = map.keys();
      expect(keys).toHaveLength(51);
      expect(keys.filter((key) => copy.get(key) !== map.get(key))).toEqual([]);
    });

    it('[RELAY-35] is read in part, if many CoValues with much content are read at once', async () => {
      const ids = Array.from({ length: 30 }, (_, index) => `co_zValue${index}`);
      await test.query(`insert into covalues select id, '{}' from unnest($1::text[]) as id`, [ids]);
      await test.query(
        `insert into sessions select id, 'session_z' || session, 2, 'signature_z', 0
         from unnest($1::text[]) as id, generate_series(1, 3) as session`,
        [ids],
      );
      await test.query(
        `insert into transactions select covalue_id, session_id, idx, repeat('x', 20000)
         from sessions, generate_series(0, 1) as idx`,
      );
      const snapshots = await readSnapshots(test.query, ids);
      const sessions = [...snapshots.values()].map((snapshot) => [...snapshot.sessions.values()]);
      expect(sessions.every(([first]) => first?.transactions?.length === 40_001)).toBe(true);
      const read = sessions.flat().filter(({ transactions }) => transactions !== undefined);
      // The first of each, and 2 MB of the 60 others.
      expect(read).toHaveLength(30 + 50);
    });

    it('is read after its pending writes', async () => {
      const { storage, group } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      await until(() => expect(storage.pending).toBeGreaterThan(0));
      const { pieces } = await loadContent(storage, map.id);
      expect(pieces.at(-1)?.id).toBe(map.id);
    });
  });

  describe('a failed read', () => {
    it('is retried, because cojson would never query again', async () => {
      const { group, committed } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      await committed();
      let failures = 1;
      const storage = test.open({
        query: (sql, parameters) =>
          failures-- > 0 ? Promise.reject(new Error('Cut off.')) : test.query(sql, parameters),
      });
      expect((await loadContent(storage, map.id)).found).toBe(true);
      expect(failures).toBeLessThan(0);
    });
  });
});
