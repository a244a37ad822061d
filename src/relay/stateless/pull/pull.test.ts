import { LocalNode, type RawAccountID } from 'cojson';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Relay } from '../../index.ts';
import { createWriter } from '../../../../test/support/relay/stateless-writer.ts';
import { createClientNode, createStockClient, crypto } from '../../../../test/support/relay/stock-client.ts';
import {
  accountOf,
  changesBy,
  changesOf,
  pull,
  pullAll,
  push,
  take,
} from '../../../../test/support/relay/stateless-client.ts';
import { createStorage } from '../../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import {
  confirmed,
  createSharedMap,
  openRelay,
  startRelay,
} from '../../../../test/support/relay/test-relay.ts';
import { sessionsOf, type Content } from '../../../engine/content.ts';
import { openPostgresDatabase } from '../../database/postgres-database.ts';
import { silentLogger } from '../../../base/logger.ts';
import { readCursor, writeCursor } from './cursor.ts';

const idsOf = (changes: readonly Content[]) => changes.map(({ id }) => id);

function pulling(open: () => Promise<string>) {
  it('[RELAY-67] a pull gives what a load gives, dependencies first, and later only what has changed', async () => {
    const storage = await open();
    let relay = await startRelay({ storage });
    const { node, map, all, edit } = await createWriter();
    await push(relay.url, all());
    const first = await pullAll(relay.url, [map]);
    expect(new Set(idsOf(first.changes))).toEqual(new Set([accountOf(node).id, map.group.id, map.id]));
    expect(idsOf(first.changes).at(-1)).toBe(map.id);
    const reader = await createClientNode();
    take(reader, first.changes);
    expect(await reader.load(map.id)).not.toBe('unavailable');
    const quiet = await pullAll(relay.url, [map], { since: first.cursor });
    expect(quiet.changes).toEqual([]);
    const edits = edit('second');
    await push(relay.url, edits);
    if (!storage.startsWith('memory')) {
      await relay.close();
      relay = await startRelay({ storage });
    }
    const second = await pullAll(relay.url, [map], { since: quiet.cursor });
    expect(second.changes.map((change) => [change.id, sessionsOf(change)])).toEqual(
      edits.map((change) => [change.id, sessionsOf(change)]),
    );
    // A cursor counts from then on, for whatever is asked.
    expect((await pullAll(relay.url, [map.group], { since: quiet.cursor })).changes).toEqual([]);
    expect((await pullAll(relay.url, ['co_zabc'])).changes).toEqual([]);
  });

  let relay: Relay;
  beforeAll(async () => {
    relay = await openRelay({ storage: await open() });
  });
  afterAll(() => relay.close());

  it('[RELAY-67] a change brings what it newly depends on, which itself has not changed', async () => {
    const { node, map, all } = await createWriter();
    const guest = await createClientNode();
    await push(relay.url, all());
    await push(relay.url, changesOf(guest, accountOf(guest)));
    const { cursor } = await pullAll(relay.url, [map]);
    take(guest, changesOf(node, accountOf(node), map.group, map));
    const theirs = await guest.load(map.id);
    if (theirs === 'unavailable') throw new Error('The map is unavailable.');
    await push(
      relay.url,
      changesBy(guest, map, () => theirs.set('word', 'theirs')),
    );
    const { changes } = await pullAll(relay.url, [map], { since: cursor });
    expect(idsOf(changes)).toEqual([...idsOf(changesOf(guest, accountOf(guest))), map.id]);
    const member = await createClientNode();
    await push(relay.url, changesOf(member, accountOf(member)));
    const before = (await pullAll(relay.url, [map])).cursor;
    take(node, changesOf(member, accountOf(member)));
    const account = node.getCoValue(accountOf(member).id as Content['id']).getCurrentContent();
    await push(
      relay.url,
      changesBy(node, map.group, () => map.group.addMember(account as never, 'writer')),
    );
    const { changes: joined } = await pullAll(relay.url, [map], { since: before });
    expect(idsOf(joined)).toContain(accountOf(member).id);
    expect(idsOf(joined).at(-1)).toBe(map.group.id);
  });

  it('[RELAY-67] is cut at its limit, and goes on where it ended', async () => {
    const { node, map, all, edit } = await createWriter();
    const others = Array.from({ length: 20 }, (_, index) => map.group.createMap({ index }));
    await push(relay.url, [...all(), ...changesOf(node, ...others)]);
    const whole = await pullAll(relay.url, [map, ...others]);
    expect(whole.answers).toBe(1);
    const cut = await pullAll(relay.url, [map, ...others], { limit: '7' });
    expect(cut.answers).toBe(Math.ceil(whole.changes.length / 7));
    expect(cut.changes).toEqual(whole.changes);
    await push(relay.url, edit('later'));
    const { body } = await pull(relay.url, [map, ...others], { limit: '7' });
    expect(body.more).toBe(true);
    await push(relay.url, edit('in between'));
    const rest = await pullAll(relay.url, [map, ...others], { since: String(body.syncedUntil) });
    const next = await pullAll(relay.url, [map, ...others], { since: rest.cursor });
    const reader = await createClientNode();
    take(reader, [...(body.serverChanges as Content[]), ...rest.changes, ...next.changes]);
    const theirs = await reader.load(map.id);
    expect(theirs === 'unavailable' ? theirs : theirs.get('word')).toBe('in between');
  });

  it('[RELAY-67] loses nothing of a CoValue that grows between two answers', async () => {
    const { node, map, all } = await createWriter();
    await push(relay.url, all());
    const device = () => {
      const session = crypto.newRandomSessionID(accountOf(node).id as RawAccountID);
      const other = new LocalNode(node.agentSecret, session, crypto);
      take(other, all());
      return { other, session };
    };
    const devices = Array.from({ length: 9 }, device).sort((a, b) => (a.session < b.session ? -1 : 1));
    const write = async ({ other, session }: ReturnType<typeof device>, length: number) => {
      const theirs = other.getCoValue(map.id).getCurrentContent() as typeof map;
      const edit = changesBy(other, map, () => theirs.set(session, 'x'.repeat(length)));
      expect((await push(relay.url, edit)).status).toBe(200);
    };
    for (const one of devices) await write(one, 60_000);
    for (const limit of [5, 7, 9]) {
      const { body } = await pull(relay.url, [map], { limit: `${limit}` });
      expect(body.more).toBe(true);
      // Beyond 100 kB, a session is read in pieces.
      if (devices[1]) await write(devices[1], 20_000);
      const rest = await pullAll(relay.url, [map], { limit: '3', since: String(body.syncedUntil) });
      const next = await pullAll(relay.url, [map], { since: rest.cursor });
      const reader = await createClientNode();
      take(reader, [...(body.serverChanges as Content[]), ...rest.changes, ...next.changes]);
      const whole = await createClientNode();
      take(whole, (await pullAll(relay.url, [map])).changes);
      expect(reader.getCoValue(map.id).knownState()).toEqual(whole.getCoValue(map.id).knownState());
    }
  });

  it('[RELAY-67] gives nothing but the deletion of a deleted CoValue', async () => {
    const { node, map, all, edit } = await createWriter();
    await push(relay.url, all());
    const { cursor } = await pullAll(relay.url, [map]);
    await push(relay.url, edit('deleted'));
    const deletion = changesBy(node, map, () => map.core.deleteCoValue());
    expect((await push(relay.url, deletion)).status).toBe(200);
    for (const since of [{}, { since: cursor }]) {
      const { changes } = await pullAll(relay.url, [map], since);
      const sessions = changes.filter(({ id }) => id === map.id).flatMap((change) => Object.keys(change.new));
      expect(sessions).toHaveLength(1);
      expect(sessions[0]).toMatch(/\$$/);
    }
  });

  it('[RELAY-67] begins anew if a CoValue is deleted between two answers', async () => {
    const { node, map, all } = await createWriter();
    const next = map.group.createMap({ word: 'next' });
    await push(relay.url, [...all(), ...changesOf(node, next)]);
    const ids = [map, next];
    const { body } = await pull(relay.url, ids, { limit: '3' });
    expect([idsOf(body.serverChanges as Content[]).at(-1), body.more]).toEqual([map.id, true]);
    // Nothing precedes it any more but its author.
    await push(
      relay.url,
      changesBy(node, map, () => map.core.deleteCoValue()),
    );
    const rest = await pull(relay.url, ids, { limit: '3', since: String(body.syncedUntil) });
    expect(rest).toMatchObject({ status: 410, body: { resync: true } });
    const whole = await pullAll(relay.url, ids, { limit: '3' });
    expect(idsOf(whole.changes)).toEqual(expect.arrayContaining([next.id, map.group.id, map.id]));
  });

  it('[RELAY-67] has what clients by WebSocket store, too', async () => {
    const alice = await createStockClient(relay.url);
    const map = createSharedMap(alice);
    await confirmed(alice, map);
    const { cursor } = await pullAll(relay.url, [map]);
    map.set('word', 'second');
    await confirmed(alice, map);
    const { changes } = await pullAll(relay.url, [map], { since: cursor });
    expect(idsOf(changes)).toEqual([map.id]);
  });

  it('[RELAY-67] of a malformed cursor is refused; one of another epoch, or of later than now, begins anew', async () => {
    const { map, all } = await createWriter();
    const { body: pushed } = await push(relay.url, all());
    const identity = pushed.storage as { id: string; epoch: string };
    const place = { appID: undefined, identity };
    const cursorAt = (horizon: string, at = place) => writeCursor({ horizon, withheld: '' }, at);
    const { cursor } = await pullAll(relay.url, [map]);
    const { horizon } = readCursor(cursor, place);
    const time = Buffer.from('2024-01-01T00:00:00Z').toString('base64url');
    const text = Buffer.from(cursor, 'base64url').toString();
    const malformed = ['0', 'x', '', time, '2024-01-01', cursor.slice(2), `${cursor}${cursor}`];
    for (const wrong of [
      '5:4:',
      '0:0:',
      '3:9:2',
      '3:9:9',
      '3:9:5,4',
      '3:9:5,5',
      '1:18446744073709551616:',
      '3',
      '3:4',
    ])
      malformed.push(cursorAt(wrong));
    for (const since of [...malformed, Buffer.from(text.replace(/^1/, '2')).toString('base64url')])
      expect([since, (await pull(relay.url, [map], { since })).status]).toEqual([since, 400]);
    const stale = [
      cursorAt(horizon, { ...place, identity: { ...identity, epoch: 'other' } }),
      cursorAt(horizon, { ...place, identity: { ...identity, id: 'other' } }),
      cursorAt(horizon.replace(/:\d+:/, ':18446744073709551615:')),
    ];
    for (const since of stale)
      expect(await pull(relay.url, [map], { since })).toMatchObject({ status: 410, body: { resync: true } });
    expect((await push(relay.url, all())).body.syncedUntil).toBeNull();
  });
}

const storages = {
  memory: () => Promise.resolve('memory:'),
  PGlite: async () => `pglite:${await createStorage()}`,
};
for (const [name, open] of Object.entries(storages)) describe(`from a relay on ${name}`, () => pulling(open));

describePostgres('from a relay on PostgreSQL', () => {
  pulling(createPostgres);

  it('[RELAY-67] a pull begins anew if the log no longer reaches back to its cursor', async () => {
    const storage = await createPostgres();
    const relay = await startRelay({ storage });
    const { map, all } = await createWriter();
    const { body } = await push(relay.url, all());
    const since = writeCursor(
      { horizon: '1:1:', withheld: '' },
      { appID: undefined, identity: body.storage as { id: string; epoch: string } },
    );
    expect((await pullAll(relay.url, [map], { since })).changes).not.toEqual([]);
    const database = await openPostgresDatabase(storage, 'test', silentLogger);
    await database.query(`delete from changes where covalue_id = ''`);
    await database.close();
    expect((await pull(relay.url, [map], { since })).status).toBe(410);
  });

  it('[RELAY-67] a pull misses no commit that others overtook', async () => {
    const storage = await createPostgres();
    const relay = await startRelay({ storage });
    const { node, map, all, edit } = await createWriter();
    await push(relay.url, all());
    const database = await openPostgresDatabase(storage, 'test', silentLogger);
    let commit = () => {};
    let begin = () => {};
    const hasBegun = new Promise<void>((resolve) => (begin = resolve));
    const slow = database.transaction(async (query) => {
      await query(`insert into changes (covalue_id, session_id, after, count) values ($1, $2, 0, 1)`, [
        map.id,
        node.currentSessionID,
      ]);
      begin();
      await new Promise<void>((resolve) => (commit = resolve));
    });
    await hasBegun;
    const { cursor } = await pullAll(relay.url, [map]);
    await push(relay.url, edit('overtaking'));
    const { cursor: next, changes } = await pullAll(relay.url, [map], { since: cursor });
    expect(idsOf(changes)).toEqual([map.id]);
    commit();
    await slow;
    const { changes: later } = await pullAll(relay.url, [map], { since: next });
    expect(idsOf(later)).toContain(map.id);
    await database.close();
  });
});

describe('a pull', () => {
  it('[RELAY-68] is refused if it is none', async () => {
    const relay = await startRelay({ storage: 'memory:' });
    const queries = [
      '',
      '?ids=',
      '?ids=nobody',
      `?ids=${Array.from({ length: 101 }, () => 'co_zabc').join(',')}`,
      '?ids=co_zabc&limit=0',
      '?ids=co_zabc&limit=1001',
      '?ids=co_zabc&limit=x',
      '?collection=',
      '?collection=nobody',
      '?collection=co_zabc,co_zabd',
      '?collection=co_zabc&ids=co_zabc',
      '?ids=co_zabc&token=secret',
    ];
    for (const query of queries) {
      const { status } = await fetch(`${relay.url}/sync/pull${query}`);
      expect([query, status]).toEqual([query, 400]);
    }
    expect((await fetch(`${relay.url}/sync/pull?ids=co_zabc`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${relay.url}/sync/other`)).status).toBe(404);
  });
});
