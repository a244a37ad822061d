import { LocalNode, type RawCoID, type RawCoValue } from 'cojson';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { Database } from '../database/database.ts';
import { prepareSchema } from '../database/schema.ts';
import { openStorageDirectory } from '../database/storage-directory.ts';
import { createClientNode, crypto } from '../testing/stock-client.ts';
import { createStorage } from '../testing/temporary-storage.ts';
import type { Content } from './content.ts';
import { createSqlStorage, type SqlStorage } from './sql-storage.ts';

// One for all tests, as opening one takes longer than they do.
let database: Database;
beforeAll(async () => {
  database = await openStorageDirectory(await createStorage(), silentLogger);
  await prepareSchema(database);
});
afterEach(() => database.query(`truncate covalues, sessions, transactions, signatures, deletions, unsynced`));
afterAll(() => database.close());

const storageOn = (below: Database, foundOlder: (id: RawCoID) => void = () => {}) =>
  createSqlStorage({ database: below, clock: systemClock, logger: silentLogger, foundOlder });

function agentNode(storage: SqlStorage): LocalNode {
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  node.setStorage(storage);
  return node;
}

async function writer() {
  const storage = storageOn(database);
  const node = await createClientNode(storage);
  const group = node.createGroup();
  return {
    storage,
    node,
    group,
    committed: () => new Promise<void>((done) => storage.afterCommit(undefined, done)),
  };
}

const load = (storage: SqlStorage, id: string) =>
  new Promise<{ found: boolean; pieces: Content[] }>((resolve) => {
    const pieces: Content[] = [];
    storage.load(
      id,
      (piece) => pieces.push(piece),
      (found) => resolve({ found, pieces }),
    );
  });

const loadKnownState = (storage: SqlStorage, id: string) =>
  new Promise((resolve) => storage.loadKnownState(id, resolve));

describe('what was stored', () => {
  it('comes back equal in another node, for every kind of CoValue', async () => {
    const { group, committed } = await writer();
    group.addMember('everyone', 'reader');
    const map = group.createMap({ a: 1, b: 'ü\u0000\ud800' });
    map.set('private', { deep: [1, 2] });
    const list = group.createList(['x', 'y']);
    const text = group.createPlainText('some words');
    const stream = group.createStream();
    stream.push('item');
    await map.core.waitForSync();
    await committed();

    const reader = agentNode(storageOn(database));
    for (const value of [map, list, text, stream]) {
      const loaded = await reader.load<RawCoValue>(value.id);
      expect(loaded !== 'unavailable' && loaded.toJSON()).toEqual(value.toJSON());
      expect(loaded !== 'unavailable' && loaded.core.knownState()).toEqual(value.core.knownState());
    }
  });

  it('is known, listed and counted', async () => {
    const { storage, node, group, committed } = await writer();
    const maps = Array.from({ length: 5 }, () => group.createMap({ a: 1 }));
    await committed();
    const [map] = maps;
    expect(await loadKnownState(storageOn(database), map?.id ?? '')).toEqual(map?.core.knownState());
    expect(await loadKnownState(storageOn(database), 'co_zNobody')).toBeUndefined();
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

  it('is not there for an id that was never stored', async () => {
    expect(await load(storageOn(database), 'co_zNobody')).toEqual({ found: false, pieces: [] });
  });

  it('is handed out with what it depends on first, and that once', async () => {
    const { node, group, committed } = await writer();
    const parent = node.createGroup();
    group.extend(parent);
    const [first, second] = [group.createMap({ a: 1 }), group.createMap({ a: 2 })];
    await committed();

    const storage = storageOn(database);
    const pieces = (await load(storage, first.id)).pieces.map(({ id }) => id);
    expect(pieces.at(-1)).toBe(first.id);
    expect(new Set(pieces)).toEqual(
      new Set([node.getCurrentAccountOrAgentID(), parent.id, group.id, first.id]),
    );
    expect(pieces.indexOf(parent.id)).toBeLessThan(pieces.indexOf(group.id));
    expect(pieces).toHaveLength(4);
    expect((await load(storage, second.id)).pieces.map(({ id }) => id)).toEqual([second.id]);

    storage.onCoValueUnmounted(group.id);
    expect((await load(storage, second.id)).pieces.map(({ id }) => id)).toEqual([group.id, second.id]);
  });

  it('ends for CoValues that depend on each other, also loaded at once', async () => {
    const { node, committed } = await writer();
    const groups = Array.from({ length: 6 }, () => node.createGroup());
    groups.forEach((group, index) => groups[index - 1]?.extend(group));
    await committed();
    await database.query(`update transactions set tx = replace(tx, $1, $2) where covalue_id = $3`, [
      `parent_${groups[1]?.id}`,
      `parent_${groups[5]?.id}`,
      groups[0]?.id,
    ]);
    await database.query(
      `insert into transactions select $1, session_id, 9999, '{"privacy":"trusting","madeAt":1,"changes":"[{\\"op\\":\\"set\\",\\"key\\":\\"parent_' || $2 || '\\"}]"}'
       from sessions where covalue_id = $1`,
      [groups[5]?.id, groups[0]?.id],
    );
    const storage = storageOn(database);
    const results = await Promise.all(groups.map(({ id }) => load(storage, id)));
    expect(results.every(({ found }) => found)).toBe(true);
  });

  it('comes in pieces that end at signatures, when it is large', async () => {
    const { group, committed } = await writer();
    const stream = group.createBinaryStream();
    stream.startBinaryStream({ mimeType: 'text/plain' });
    for (let part = 0; part < 12; part++) stream.pushBinaryStreamChunk(crypto.randomBytes(40_000));
    stream.endBinaryStream();
    await committed();

    const { pieces } = await load(storageOn(database), stream.id);
    const own = pieces.filter(({ id }) => id === stream.id);
    expect(own.length).toBeGreaterThan(4);
    expect(own[0]?.header).toBeDefined();
    expect(own[0]?.expectContentUntil).toEqual(stream.core.knownState().sessions);
    expect(own.slice(1).every(({ header }) => header === undefined)).toBe(true);

    const reader = agentNode(storageOn(database));
    await reader.loadCoValueCore(stream.id);
    const loaded = reader.getCoValue(stream.id);
    await vi.waitFor(() => expect(loaded.isStreaming()).toBe(false));
    expect(loaded.knownState()).toEqual(stream.core.knownState());
  });

  it('is read after what is still being written of it', async () => {
    const { storage, group } = await writer();
    const map = group.createMap({ a: 1 });
    await vi.waitFor(() => expect(storage.pending).toBeGreaterThan(0), { interval: 0 });
    const { pieces } = await load(storage, map.id);
    expect(pieces.at(-1)?.id).toBe(map.id);
  });
});

describe('a write', () => {
  it('asks cojson for what comes before it, once, and stores that', async () => {
    const { node, group, committed } = await writer();
    const map = group.createMap({ a: 1 });
    map.set('b', 2);
    await committed();
    await database.query(`delete from covalues where id = $1`, [map.id]);
    await database.query(`delete from sessions where covalue_id = $1`, [map.id]);
    await database.query(`delete from transactions where covalue_id = $1`, [map.id]);

    map.set('c', 3);
    await map.core.waitForSync();
    await committed();
    const loaded = await agentNode(storageOn(database)).load(map.id);
    expect(loaded !== 'unavailable' && loaded.core.knownState()).toEqual(map.core.knownState());
    expect(node.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
  });

  it('is never called done, nor committed, when what comes before it is nowhere', async () => {
    const { group, committed } = await writer();
    const map = group.createMap({ a: 1 });
    const [piece] = map.core.newContentSince({ id: map.id, header: true, sessions: {} }) ?? [];
    const storage = storageOn(database);
    const done = vi.fn();
    const acknowledged = vi.fn();
    const correct = vi.fn(() => undefined);
    await committed();
    await database.query(`delete from covalues where id = $1`, [map.id]);
    if (piece) storage.store(piece, correct, done);
    storage.afterCommit(map.id, acknowledged);
    await vi.waitFor(() => expect(correct).toHaveBeenCalled());
    await vi.waitFor(() => expect(storage.pending).toBe(0));
    storage.afterCommit(map.id, acknowledged);
    expect(correct).toHaveBeenCalledExactlyOnceWith({ id: map.id, header: false, sessions: {} });
    expect(done).not.toHaveBeenCalled();
    expect(acknowledged).not.toHaveBeenCalled();
  });

  it('of what is there already changes nothing', async () => {
    const { storage, group, committed } = await writer();
    const map = group.createMap({ a: 1 });
    await committed();
    const before = await database.query(`select * from sessions order by 1, 2`);
    for (const piece of map.core.newContentSince(undefined) ?? []) storage.store(piece, () => undefined);
    await committed();
    expect(await database.query(`select * from sessions order by 1, 2`)).toEqual(before);
  });

  it('is done only after its commit, and a failed one is tried again with nothing lost', async () => {
    let isFull = false;
    const storage = storageOn({
      ...database,
      transaction: (run) =>
        database.transaction(async (query) => {
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
    await vi.waitFor(() => expect(storage.failure).toEqual(new Error('The disk is full.')));
    const committed = vi.fn();
    const done = vi.fn();
    storage.afterCommit(map.id, committed);
    for (const piece of map.core.newContentSince(undefined) ?? [])
      storage.store(piece, () => undefined, done);
    await vi.waitFor(() => expect(storage.pending).toBeGreaterThan(1));
    expect(await database.query(`select * from covalues where id = $1`, [map.id])).toEqual([]);
    expect(committed).not.toHaveBeenCalled();
    expect(done).not.toHaveBeenCalled();

    isFull = false;
    await vi.waitFor(() => expect(done).toHaveBeenCalledOnce(), { timeout: 10_000 });
    expect(committed).toHaveBeenCalledOnce();
    expect(storage.failure).toBeUndefined();
    expect(await loadKnownState(storageOn(database), map.id)).toEqual(map.core.knownState());
  });

  it('is waited for by its known state', async () => {
    const { storage, group } = await writer();
    const map = group.createMap({ a: 1 });
    map.set('b', 2);
    await storage.waitForSync(map.id, map.core);
    expect(await loadKnownState(storageOn(database), map.id)).toEqual(map.core.knownState());
  });

  it('that is queued is still made by close', async () => {
    const { group } = await writer();
    const maps = Array.from({ length: 200 }, (_, index) => group.createMap({ index }));
    const second = storageOn({ ...database, close: () => Promise.resolve() });
    for (const map of maps)
      for (const piece of map.core.newContentSince(undefined) ?? []) second.store(piece, () => undefined);
    await second.close();
    const rows = await database.query(`select id from covalues where id = any($1::text[])`, [
      maps.map(({ id }) => id),
    ]);
    expect(rows).toHaveLength(200);
  });
});

describe('a read that fails', () => {
  it('is made again, as cojson would never ask a second time', async () => {
    const { group, committed } = await writer();
    const map = group.createMap({ a: 1 });
    await committed();
    let failures = 1;
    const storage = storageOn({
      ...database,
      query: (sql, parameters) =>
        failures-- > 0 ? Promise.reject(new Error('Cut off.')) : database.query(sql, parameters),
    });
    expect((await load(storage, map.id)).found).toBe(true);
    expect(failures).toBeLessThan(0);
  });
});

describe('a CoValue begun anew that is stored already', () => {
  it('is pointed out, so that its history is loaded', async () => {
    const { group, committed } = await writer();
    const map = group.createMap({ a: 1 });
    await committed();
    const found = vi.fn();
    const storage = storageOn(database, found);
    const [piece] = map.core.newContentSince(undefined) ?? [];
    if (piece) storage.store({ ...piece, new: {} }, () => undefined);
    await vi.waitFor(() => expect(found).toHaveBeenCalledExactlyOnceWith(map.id));

    await load(storage, map.id);
    if (piece) storage.store({ ...piece, new: {} }, () => undefined);
    await new Promise<void>((resolve) => storage.afterCommit(map.id, resolve));
    expect(found).toHaveBeenCalledOnce();
  });
});

describe('deletion', () => {
  it('erases the history and keeps what says that it is deleted', async () => {
    const { storage, node, group, committed } = await writer();
    const map = group.createMap({ a: 1 });
    const other = group.createMap({ a: 1 });
    await committed();
    map.core.deleteCoValue();
    await map.core.waitForSync();
    await committed();
    await storage.eraseAllDeletedCoValues();

    const left = await database.query<{ session: string }>(
      `select session_id as session from sessions where covalue_id = $1`,
      [map.id],
    );
    expect(left.map(({ session }) => session.at(-1))).toEqual(['$']);
    expect(await database.query(`select * from transactions where covalue_id = $1`, [map.id])).toHaveLength(
      1,
    );
    expect(await database.query(`select * from deletions where not erased`)).toEqual([]);

    const reader = agentNode(storageOn(database));
    await reader.loadCoValueCore(map.id);
    expect(reader.getCoValue(map.id).isDeleted).toBe(true);
    expect(await reader.load(other.id)).not.toBe('unavailable');
    expect(node.getCoValue(other.id).isDeleted).toBe(false);
  });

  it('is nothing that a message can bring about without being valid', async () => {
    const { storage, group, committed } = await writer();
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
    expect(await database.query(`select * from deletions`)).toEqual([]);
  });
});

describe('what a node keeps for the servers above it', () => {
  it('is tracked in order', async () => {
    const { storage } = await writer();
    const unsynced = () => new Promise<string[]>((resolve) => storage.getUnsyncedCoValueIDs(resolve));
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

  it('is compared by one at a time, and not again too soon', async () => {
    const { storage, node } = await writer();
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
