import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { openMemoryDatabase, openPGliteDatabase } from './pglite-database.ts';
import { startPGliteWorker, type PGliteWorker, type PGliteWorkerOptions } from './pglite-worker.ts';
import type { Database } from './database.ts';

/** A database and all its threads so far; the last one is in use. */
async function openDatabase(
  options?: PGliteWorkerOptions,
): Promise<{ database: Database; workers: readonly PGliteWorker[] }> {
  const workers: PGliteWorker[] = [];
  const database = await openPGliteDatabase(join(await createStorage(), 'postgres'), async (location) => {
    const worker = await startPGliteWorker(location, options);
    workers.push(worker);
    return worker;
  });
  return { database, workers };
}

/** Counts for hours. */
const endlessStatement = 'select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b';

const reasonOf = (asking: Promise<unknown>): Promise<unknown> =>
  asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );

describe('PGlite in a thread', () => {
  let database: Database;
  let workers: readonly PGliteWorker[];
  beforeAll(async () => {
    ({ database, workers } = await openDatabase());
    await database.query('create table words (word text primary key)');
  }, 60_000);
  beforeEach(() => database.query('truncate words'));
  afterAll(() => database.close());
  const add = (word: string, query = database.query) => query('insert into words values ($1)', [word]);
  const words = async () =>
    (await database.query<{ word: string }>('select word from words order by word')).map(({ word }) => word);

  it('does not block the event loop while a statement runs', async () => {
    let isDone = false;
    const asking = database
      .query('select count(*) from generate_series(1, 1000000)')
      .finally(() => (isDone = true));
    let turns = 0;
    for (; !isDone; turns++) await nextTurn();
    await asking;
    // In the test's own thread, the statement would leave only one or two turns.
    expect(turns).toBeGreaterThan(20);
  });

  it('commits only completed transactions, one after the other', async () => {
    const mistake = new Error('I changed my mind.');
    const [first, refused, doubled, last] = await Promise.all([
      database.transaction(async (query) => {
        await add('first', query);
        await nextTurn();
        return query<{ word: string }>('select word from words');
      }),
      reasonOf(
        database.transaction(async (query) => {
          await add('refused', query);
          throw mistake;
        }),
      ),
      reasonOf(
        database.transaction(async (query) => {
          await add('doubled', query);
          await add('first', query);
        }),
      ),
      database.transaction((query) => add('last', query)),
    ]);
    expect(first).toEqual([{ word: 'first' }]);
    expect(refused).toBe(mistake);
    expect(doubled).toMatchObject({ code: '23505' });
    expect(last).toEqual([]);
    expect(await words()).toEqual(['first', 'last']);
  });

  it('reports PostgreSQL errors with their code but without content', async () => {
    await add('secret');
    const reason = await reasonOf(add('secret'));
    expect(reason).toBeInstanceOf(Error);
    expect(reason).toMatchObject({
      message: 'duplicate key value violates unique constraint "words_pkey"',
      code: '23505',
    });
    expect(JSON.stringify({ ...(reason as Error), text: String(reason) })).not.toContain('secret');
    expect(await reasonOf(database.query('select $1', [() => {}]))).toBeInstanceOf(Error);
    expect(await words()).toEqual(['secret']);
  });

  it('rejects open requests when the thread crashes, and reopens with the committed content', async () => {
    await database.transaction((query) => add('kept', query));
    const asking = database.transaction(async (query) => {
      await add('lost', query);
      await workers.at(-1)?.kill();
    });
    expect(await reasonOf(asking)).toMatchObject({ message: 'The database thread has ended.' });
    expect(await Promise.all([words(), words()])).toEqual([['kept'], ['kept']]);
    await database.transaction((query) => add('new', query));
    expect(await words()).toEqual(['kept', 'new']);
    expect(workers).toHaveLength(2);
  });

  it('[RELAY-45] ends a statement that takes too long, and answers the next one', async () => {
    const clock = createFakeClock();
    const stuck = await openDatabase({ clock, statementMs: 15_000 });
    await stuck.database.query('create table words (word text primary key)');
    await add('kept', stuck.database.query);
    const asking = stuck.database.query(endlessStatement);
    const later = reasonOf(stuck.database.transaction((query) => add('unwritten', query)));
    await nextTurn();
    clock.advance(20_000);
    const reason = await reasonOf(asking);
    expect(reason).toMatchObject({ message: 'The database thread has ended.' });
    expect(reason).toHaveProperty('cause.message', 'A statement took longer than 15000 ms.');
    expect(await later).toBeInstanceOf(Error);
    expect(await stuck.database.query('select word from words')).toEqual([{ word: 'kept' }]);
    expect(stuck.workers).toHaveLength(2);
    await stuck.database.close();
  });

  it('closes even if a statement never ends', async () => {
    const clock = createFakeClock();
    const stuck = await openDatabase({ clock });
    const asking = reasonOf(stuck.database.query(endlessStatement));
    const closing = stuck.database.close();
    await nextTurn();
    clock.advance(20_000);
    await closing;
    expect(await asking).toBeInstanceOf(Error);
  });

  it('keeps the cause of a crash', async () => {
    const location = join(await createDirectory(), 'missing', 'postgres');
    const reason = await reasonOf(openPGliteDatabase(location));
    expect(reason).toMatchObject({ code: 'RELAY_STORAGE_FAILED' });
    expect(reason).toHaveProperty('cause.cause.code', 'ENOENT');
  });

  it('does not reopen after it is closed', async () => {
    const closed = await openDatabase();
    await Promise.all([closed.database.close(), closed.database.close()]);
    expect(await reasonOf(closed.database.query('select 1'))).toBeInstanceOf(Error);
    expect(closed.workers).toHaveLength(1);
    const crashed = await openDatabase();
    await crashed.workers[0]?.kill();
    await crashed.database.close();
    expect(await reasonOf(crashed.database.query('select 1'))).toBeInstanceOf(Error);
    expect(crashed.workers).toHaveLength(1);
  });
});

it('keeps an in-memory database while it is open', async () => {
  const database = await openMemoryDatabase();
  await database.query('create table words (word text)');
  expect(await database.query('select * from words')).toEqual([]);
  expect(database.durability).toBe('none');
  await database.close();
  expect(await reasonOf(database.query('select 1'))).toBeInstanceOf(Error);
}, 60_000);
