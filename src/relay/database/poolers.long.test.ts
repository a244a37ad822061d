import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { runStatement } from '../../../test/support/postgres.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import {
  describePgBouncer,
  startPgBouncer,
  type PoolMode,
} from '../../../test/support/relay/test-pgbouncer.ts';
import { createPostgres } from '../../../test/support/relay/test-postgres.ts';
import {
  confirmed,
  createSharedMap,
  isConfirmed,
  loadMap,
  readHealth,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { equal, startTwoRelays } from '../../../test/support/relay/two-relays.ts';
import { until } from '../../../test/support/until.ts';
import { openPostgresDatabase, type PostgresOptions } from './postgres-database.ts';

/** In transaction mode, a few connections serve all sessions, so that each session gets others' connections. */
const poolSizes: Readonly<Record<PoolMode, number>> = { session: 40, transaction: 5 };

async function pooledDatabase(mode: PoolMode) {
  const direct = await createPostgres();
  return { direct, pooled: await startPgBouncer(direct, mode, poolSizes[mode]) };
}

describePgBouncer('two relays behind PgBouncer', (mode) => {
  it('[RELAY-53] deliver edits to each other’s clients, and commit in several lanes', async () => {
    const { direct, pooled } = await pooledDatabase(mode);
    const options = { listenUrl: direct };
    const { relays, alice, bob, mine, theirs } = await startTwoRelays(pooled, [options, options]);
    const maps = Array.from({ length: 20 }, () => createSharedMap(alice));
    for (let count = 0; count < 20; count++) {
      mine.set('alice', count);
      theirs.set('bob', count);
      for (const map of maps) map.set('count', count);
      await Promise.all(maps.map((map) => confirmed(alice, map)));
    }
    await equal(mine, theirs);
    for (const map of maps) expect((await loadMap(bob, map)).get('count')).toBe(19);
    const lanes = await runStatement(
      `select distinct split_part(relay, '.', 2) from relay_marks where mark > 0`,
      [],
      direct,
    );
    expect(lanes.length).toBeGreaterThan(1);
    for (const relay of relays) expect((await readHealth(relay)).code).toBe(200);
  });

  it('[RELAY-53] set aside what another transaction locks', async () => {
    const { direct, pooled } = await pooledDatabase(mode);
    const relay = await startRelay({ storage: pooled, listenUrl: direct, databaseLockMs: 50 });
    const alice = await createStockClient(relay.url);
    const [locked, other] = [createSharedMap(alice), createSharedMap(alice)];
    for (const map of [locked, other]) await confirmed(alice, map);
    const holder = await openPostgresDatabase(direct, 'the test', silentLogger);
    onTestFinished(() => holder.close());
    await holder.transaction(async (query) => {
      await query(`select from covalues where id = $1 for update`, [locked.id]);
      for (const map of [locked, other]) map.set('word', 'second');
      await confirmed(alice, other);
      await until(async () => {
        const metrics = await (await fetch(`${relay.url}/metrics`)).text();
        expect(metrics).toContain('maia_relay_set_aside 1\n');
      });
      expect(isConfirmed(alice, locked)).toBe(false);
    });
    await confirmed(alice, locked);
    expect(alice.syncManager.peers['relay']?.closed).toBe(false);
  });

  it('[RELAY-53] repeat a commit whose connection is lost, and keep their clients', async () => {
    const { direct, pooled } = await pooledDatabase(mode);
    const relay = await startRelay({ storage: pooled, listenUrl: direct, databaseLockMs: 10_000 });
    const alice = await createStockClient(relay.url);
    const map = createSharedMap(alice);
    await confirmed(alice, map);
    const raw = await openRawClient(relay.url);
    const holder = await openPostgresDatabase(direct, 'the test', silentLogger);
    onTestFinished(() => holder.close());
    await holder.transaction(async (query) => {
      await query(`select from covalues where id = $1 for update`, [map.id]);
      map.set('word', 'second');
      await until(async () => {
        const ended = await query(`select pg_terminate_backend(pid) from pg_locks where not granted`);
        expect(ended).toHaveLength(1);
      });
    });
    await confirmed(alice, map);
    expect(raw.received).not.toContainEqual(expect.objectContaining({ maia: 'refused' }));
    expect(alice.syncManager.peers['relay']?.closed).toBe(false);
  });
});

describePgBouncer('a PostgreSQL database behind PgBouncer', (mode) => {
  async function open(options: PostgresOptions = {}) {
    const { direct, pooled } = await pooledDatabase(mode);
    const database = await openPostgresDatabase(pooled, 'the test', silentLogger, options);
    onTestFinished(() => database.close());
    return { direct, database };
  }

  it('[RELAY-53] cancels a statement that takes too long, in the server, too', async () => {
    const clock = createFakeClock();
    const { direct, database } = await open({ clock });
    const running = () =>
      runStatement(
        `select from pg_stat_activity where datname = current_database() and query like 'select pg_sleep%'
         and state = 'active'`,
        [],
        direct,
      );
    const failures = [
      database.query(`select pg_sleep(600)`),
      database.transaction((query) => query(`select pg_sleep(600)`)),
    ].map((asked) => asked.catch((error: unknown) => error));
    await until(async () => expect(await running()).toHaveLength(2));
    clock.advance(15_000);
    for (const failure of await Promise.all(failures)) expect(failure).toMatchObject({ code: '57014' });
    expect(await running()).toEqual([]);
  });

  it('[RELAY-53] leaves no setting behind for those who get its connection next', async () => {
    const { database } = await open();
    const read = (query: typeof database.query) =>
      query(`select name, setting from pg_settings
        where name in ('lock_timeout', 'idle_in_transaction_session_timeout') order by name`);
    const before = await read(database.query);
    const within = await database.transaction(read, { limitsLockWaits: true });
    expect(within).toEqual([
      { name: 'idle_in_transaction_session_timeout', setting: '60000' },
      { name: 'lock_timeout', setting: '500' },
    ]);
    const all = Array.from({ length: 20 }, () => read(database.query));
    for (const after of await Promise.all(all)) expect(after).toEqual(before);
  });
});
