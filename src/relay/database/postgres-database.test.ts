import { expect, it, onTestFinished } from 'vitest';
import { isKernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { runStatement } from '../../../test/support/postgres.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { startProxy } from '../../../test/support/relay/tcp-proxy.ts';
import type { Database } from './database.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { prepareSchema, readStorageState, schemaVersion } from './schema.ts';
import { until } from '../../../test/support/until.ts';

async function open(url: string): Promise<Database> {
  const database = await openPostgresDatabase(url, 'the test', silentLogger);
  onTestFinished(() => database.close());
  return database;
}

const failureOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describePostgres('a PostgreSQL database', () => {
  it('returns numbers, and commits a transaction completely or not at all', async () => {
    const database = await open(await createPostgres());
    expect(
      await database.query(`select 5000000000::int8 as big, count(*) as one from (select 1) as x`),
    ).toEqual([{ big: 5_000_000_000, one: 1 }]);
    await database.query(`create table a (b int4)`);
    await database.transaction((query) => query(`insert into a values (1)`));
    const failed = database.transaction(async (query) => {
      await query(`insert into a values (2)`);
      throw new Error('Changed my mind.');
    });
    await expect(failed).rejects.toThrow('Changed my mind.');
    expect(await database.query(`select b from a`)).toEqual([{ b: 1 }]);
  });

  it('rejects a commit that PostgreSQL turned into a rollback', async () => {
    const database = await open(await createPostgres());
    const hidden = database.transaction((query) => failureOf(query(`select * from nowhere`)));
    await expect(hidden).rejects.toThrow('ROLLBACK');
  });

  it.each([
    ['', 'power-loss'],
    ['-c synchronous_commit=off', 'none'],
  ])('reports the durability with the options "%s"', async (options, durability) => {
    const url = new URL(await createPostgres());
    if (options !== '') url.searchParams.set('options', options);
    expect((await open(url.href)).durability).toBe(durability);
  });

  it('has a statement planned once for each connection, and not at all behind a pooler', async () => {
    const url = await createPostgres();
    const pooled = await openPostgresDatabase(url, 'the test', silentLogger, { listenUrl: `${url}?` });
    onTestFinished(() => pooled.close());
    const sql = 'select $1::int4 as one';
    for (const [database, plans] of [
      [await open(url), 1],
      [pooled, 0],
    ] as const) {
      for (let one = 1; one <= 3; one++) expect(await database.query(sql, [one])).toEqual([{ one }]);
      const kept = await database.query(`select name from pg_prepared_statements where statement = '${sql}'`);
      expect(kept).toHaveLength(plans);
    }
  });

  it('commits while many reads wait, and still runs every read', async () => {
    const url = await createPostgres();
    const [holder, database] = [await open(url), await open(url)];
    const reads: Promise<unknown>[] = [];
    await holder.transaction(async (query) => {
      await query(`select pg_advisory_xact_lock(1)`);
      for (let i = 0; i < 50; i++) reads.push(database.query(`select pg_advisory_xact_lock_shared(1)`));
      await until(async () => {
        const [row] = await query<{ count: number }>(
          `select count(*) from pg_locks where locktype = 'advisory' and not granted`,
        );
        expect(row?.count).toBeGreaterThan(1);
      });
      await database.transaction((transactionQuery) => transactionQuery(`create table a (b int4)`));
    });
    await expect(Promise.all(reads)).resolves.toHaveLength(50);
  });

  it('[RELAY-45] cancels a statement that takes too long, in the server, too', async () => {
    const url = await createPostgres();
    const clock = createFakeClock();
    const database = await openPostgresDatabase(url, 'the test', silentLogger, { clock });
    onTestFinished(() => database.close());
    const running = async () => {
      const rows = await runStatement(
        `select from pg_stat_activity where datname = current_database() and query like 'select pg_sleep%'
         and state = 'active'`,
        [],
        url,
      );
      return rows.length;
    };
    let lost = 0;
    database.onLost?.(() => lost++);
    const asking = [
      failureOf(database.query(`select pg_sleep(600)`)),
      failureOf(database.transaction((query) => query(`select pg_sleep(600)`))),
    ];
    await until(async () => expect(await running()).toBe(2));
    clock.advance(14_999);
    expect(await database.query(`select 1 as one`)).toEqual([{ one: 1 }]);
    expect(await running()).toBe(2);
    clock.advance(1);
    for (const failure of await Promise.all(asking)) expect(failure).toMatchObject({ code: '57014' });
    expect(await running()).toBe(0);
    expect(lost).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  it('reports connections that end, but neither rejected statements nor its own close', async () => {
    const url = await createPostgres();
    const database = await openPostgresDatabase(url, 'the test', silentLogger);
    let lost = 0;
    database.onLost?.(() => lost++);
    await failureOf(database.query(`select * from nowhere`));
    await failureOf(database.transaction((query) => query(`select * from nowhere`)));
    expect(lost).toBe(0);
    const stopped = failureOf(database.query(`select pg_terminate_backend(pg_backend_pid())`));
    expect(await stopped).toBeInstanceOf(Error);
    expect(lost).toBeGreaterThan(0);

    await database.query(`select 1`);
    lost = 0;
    await runStatement(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
      [],
      url,
    );
    await until(() => expect(lost).toBeGreaterThan(0));
    await database.query(`select 1`);
    lost = 0;
    await database.close();
    expect(lost).toBe(0);
  });

  it('reconnects after the server closes its connections', async () => {
    const url = await createPostgres();
    const database = await open(url);
    const cut = database.transaction(async (query) => {
      await runStatement(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
        [],
        url,
      );
      await query(`select 1`);
    });
    await expect(cut).rejects.toThrow();
    await until(async () => expect(await database.query(`select 1 as one`)).toEqual([{ one: 1 }]));
  });

  it('is reported without its password if it cannot be reached', async () => {
    const url = new URL(await createPostgres());
    url.password = 'secret';
    const proxy = await startProxy(url.href);
    proxy.cut();
    const error = await failureOf(openPostgresDatabase(proxy.url, 'host/db', silentLogger));
    expect(isKernelError(error, 'RELAY_STORAGE_FAILED')).toBe(true);
    expect(error).toHaveProperty('message', expect.stringContaining('host/db'));
    expect(JSON.stringify([String(error), (error as Error).cause, (error as Error).stack])).not.toContain(
      'secret',
    );
  });

  it('is reported if it does not exist', async () => {
    const url = new URL(await createPostgres());
    url.pathname = '/not_there';
    const error = await failureOf(openPostgresDatabase(url.href, 'host/not_there', silentLogger));
    expect(error).toHaveProperty('message', expect.stringContaining('"not_there" does not exist'));
  });
});

describePostgres('the PostgreSQL tables', () => {
  it('are created once by relays that start concurrently', async () => {
    const url = await createPostgres();
    const databases = await Promise.all(Array.from({ length: 4 }, () => open(url)));
    const identities = await Promise.all(databases.map(prepareSchema));
    expect(new Set(identities.map((identity) => JSON.stringify(identity))).size).toBe(1);
  });

  it('are left unchanged if they belong to a newer relay', async () => {
    const database = await open(await createPostgres());
    await prepareSchema(database);
    await database.query(`update schema_version set version = $1`, [schemaVersion + 1]);
    const error = await failureOf(prepareSchema(database));
    expect(isKernelError(error, 'RELAY_STORAGE_TOO_NEW')).toBe(true);
  });

  it('have a different epoch on a different timeline', async () => {
    const database = await open(await createPostgres());
    const before = await prepareSchema(database);
    expect(await readStorageState(database)).toEqual(before);
    const { id, epoch } = before.identity;
    const restored = { ...database, incarnation: async () => `${await database.incarnation?.()}2` };
    const { identity: after } = await readStorageState(restored);
    expect(after.id).toBe(id);
    expect(after.epoch).not.toBe(epoch);
    expect(await database.incarnation?.()).toMatch(/^\d+\/[0-9A-F]{8}\/\d+$/);
  });

  it('are reported if they cannot be created', async () => {
    const url = new URL(await createPostgres());
    url.searchParams.set('options', '-c default_transaction_read_only=on');
    const error = await failureOf(prepareSchema(await open(url.href)));
    expect(isKernelError(error, 'RELAY_STORAGE_FAILED')).toBe(true);
  });
});
