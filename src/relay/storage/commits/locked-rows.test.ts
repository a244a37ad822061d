import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { runStatement } from '../../../../test/support/postgres.ts';
import { openRawClient } from '../../../../test/support/relay/raw-client.ts';
import { createStockClient } from '../../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import {
  confirmed,
  createSharedMap,
  isConfirmed,
  loadMap,
  readHealth,
  startRelay,
} from '../../../../test/support/relay/test-relay.ts';
import type { Query } from '../../database/database.ts';
import { openPostgresDatabase } from '../../database/postgres-database.ts';
import { findLocked } from './find-locked.ts';
import { until } from '../../../../test/support/until.ts';

/** Runs statements in a transaction that stays open until the returned function is called. */
async function beginTransaction(storage: string, run: (query: Query) => Promise<unknown>) {
  const database = await openPostgresDatabase(storage, 'the test', silentLogger);
  onTestFinished(() => database.close());
  let end = () => {};
  await new Promise<void>((resolve, reject) => {
    database
      .transaction(async (query) => {
        await run(query);
        resolve();
        await new Promise<void>((ended) => (end = ended));
        throw new Error('Rolled back.');
      })
      .catch(reject);
  });
  return () => end();
}

describePostgres('while another transaction locks', () => {
  it('[RELAY-49] a CoValue, all others are committed, and it is when the lock ends', async () => {
    const storage = await createPostgres();
    const relay = await startRelay({ storage, databaseLockMs: 50, commitLanes: 1 });
    const alice = await createStockClient(relay.url);
    const maps = Array.from({ length: 20 }, () => createSharedMap(alice));
    for (const map of maps) await confirmed(alice, map);
    const [locked, ...others] = maps as [(typeof maps)[0], ...typeof maps];
    const raw = await openRawClient(relay.url);
    const end = await beginTransaction(storage, (query) =>
      query(`select from covalues where id = $1 for update`, [locked.id]),
    );

    for (const word of ['second', 'third']) {
      for (const map of maps) map.set('word', word);
      for (const map of others) await confirmed(alice, map);
    }
    const created = createSharedMap(alice);
    await confirmed(alice, created);
    expect(isConfirmed(alice, locked)).toBe(false);
    const metrics = await (await fetch(`${relay.url}/metrics`)).text();
    expect(metrics).toContain('maia_relay_set_aside 1\n');
    expect(await readHealth(relay)).toMatchObject({ code: 200, body: { status: 'ok' } });
    expect(raw.closeCode).toBeUndefined();

    end();
    await confirmed(alice, locked);
    locked.set('word', 'fourth');
    await confirmed(alice, locked);
    await relay.close();
    const next = await startRelay({ storage });
    const bob = await createStockClient(next.url);
    expect((await loadMap(bob, locked)).get('word')).toBe('fourth');
    for (const map of others) expect((await loadMap(bob, map)).get('word')).toBe('third');
  });

  it('[RELAY-49] an ID that does not exist yet, all others are committed', async () => {
    const storage = await createPostgres();
    const relay = await startRelay({ storage, databaseLockMs: 50, commitLanes: 1 });
    const alice = await createStockClient(relay.url);
    await confirmed(alice, createSharedMap(alice));
    alice.syncManager.removePeer('relay');
    const maps = Array.from({ length: 4 }, () => createSharedMap(alice));
    const [locked, ...others] = maps as [(typeof maps)[0], ...typeof maps];
    const end = await beginTransaction(storage, (query) =>
      query(`insert into covalues (id, header) values ($1, '{}')`, [locked.id]),
    );
    const bob = await createStockClient(relay.url);
    for (const { id } of maps.flatMap((map) => [map.group, map])) {
      for (const content of alice.getCoValue(id).newContentSince(undefined) ?? [])
        bob.syncManager.handleNewContent(content, 'import');
    }
    for (const map of others) await confirmed(bob, map);
    expect(isConfirmed(bob, locked)).toBe(false);
    end();
    await confirmed(bob, locked);
  });

  it('rows, it is found which ones', async () => {
    const storage = await createPostgres();
    const database = await openPostgresDatabase(storage, 'the test', silentLogger);
    onTestFinished(() => database.close());
    await database.query(`create table covalues (id text primary key)`);
    await database.query(`insert into covalues values ('a'), ('b'), ('c')`);
    const end = await beginTransaction(storage, (query) =>
      query(`select from covalues where id = 'b' for update`),
    );
    expect(await findLocked(database.query, ['a', 'b', 'c', 'd', 'b'])).toEqual(new Set(['b']));
    end();
    await until(async () => expect(await findLocked(database.query, ['a', 'b'])).toEqual(new Set()));
  });
});

describePostgres('a commit that PostgreSQL ends', () => {
  it('[RELAY-50] is repeated, and the clients stay', async () => {
    const storage = await createPostgres();
    let losses = 0;
    const relay = await startRelay({ storage }, (database) => {
      const lose = (run: (query: Query) => Promise<unknown>) => {
        losses--;
        return database.transaction(async (query) => {
          await run(query);
          return query<never>(`select pg_terminate_backend(pg_backend_pid())`) as never;
        });
      };
      return {
        ...database,
        transaction: (run, options) => (losses > 0 ? lose(run) : database.transaction(run, options)),
        write: (sql, parameters) =>
          losses > 0 ? lose((query) => query(sql, parameters)) : database.write(sql, parameters),
      };
    });
    const alice = await createStockClient(relay.url);
    const map = createSharedMap(alice);
    await confirmed(alice, map);
    const raw = await openRawClient(relay.url);
    for (const word of ['second', 'third']) {
      losses = 2;
      map.set('word', word);
      await confirmed(alice, map);
      expect(losses).toBe(0);
    }
    expect(raw.closeCode).toBeUndefined();
    expect(raw.received).not.toContainEqual(expect.objectContaining({ maia: 'refused' }));
    expect(alice.syncManager.peers['relay']?.closed).toBe(false);
  });

  it('[RELAY-50] is acknowledged once if its connection is lost after the commit but before the answer', async () => {
    const storage = await createPostgres();
    let isLosing = false;
    let lost = 0;
    const lose = <T>(result: T): T => {
      if (!isLosing) return result;
      isLosing = false;
      lost++;
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
    };
    const relay = await startRelay({ storage }, (database) => ({
      ...database,
      transaction: async (run, options) => lose(await database.transaction(run, options)),
      write: async (sql, parameters) => lose(await database.write(sql, parameters)),
    }));
    const alice = await createStockClient(relay.url);
    const map = createSharedMap(alice);
    await confirmed(alice, map);
    isLosing = true;
    map.set('word', 'appended');
    await confirmed(alice, map);
    isLosing = true;
    const created = createSharedMap(alice);
    await confirmed(alice, created);
    expect(lost).toBe(2);
    for (const { core } of [map, created, created.group]) {
      const rows = await runStatement(
        `select session_id, count(*)::int4 as count from transactions where covalue_id = $1 group by 1`,
        [core.id],
        storage,
      );
      const { sessions } = core.knownState();
      expect(rows).toEqual(
        expect.arrayContaining(
          Object.entries(sessions).map(([session_id, count]) => ({ session_id, count })),
        ),
      );
      expect(rows).toHaveLength(Object.keys(sessions).length);
    }
    expect(alice.syncManager.peers['relay']?.closed).toBe(false);
    const bob = await createStockClient((await startRelay({ storage })).url);
    expect((await loadMap(bob, map)).get('word')).toBe('appended');
  });
});
