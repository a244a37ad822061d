import { expect, it, onTestFinished } from 'vitest';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import { silentLogger } from '../../../base/logger.ts';
import type { Query } from '../database.ts';
import { openPostgresDatabase } from '../postgres-database.ts';
import { prepareSchema } from '../schema.ts';
import { isNew, presentHorizon } from './horizon.ts';

async function open() {
  const database = await openPostgresDatabase(await createPostgres(), 'test', silentLogger);
  onTestFinished(() => database.close());
  await prepareSchema(database);
  const add = async (query: Query, id: string) => {
    const [row] = await query<{ xid: string }>(
      `insert into relay.changes (covalue_id, session_id, after, count) values ($1, '', 0, 0) returning xid::text as xid`,
      [id],
    );
    return Number(row?.xid);
  };
  const read = async () => {
    const [row] = await database.query<{ horizon: string }>(presentHorizon);
    return row?.horizon ?? '';
  };
  const newSince = (horizon: string) =>
    database
      .query<{ id: string }>(`select covalue_id as id from relay.changes where ${isNew}`, [horizon])
      .then((rows) => rows.map(({ id }) => id));
  return { database, add, read, newSince };
}

describePostgres('the horizon of what is committed', () => {
  it('[RELAY-67] ends with the latest change, whatever was rolled back since', async () => {
    const { database, add, read } = await open();
    const xid = await add(database.query, 'one');
    const rollBack = () =>
      database.transaction(async (query) => {
        await query(`select pg_current_xact_id()`);
        throw new Error('rolled back');
      });
    for (let times = 0; times < 3; times++) await expect(rollBack()).rejects.toThrow('rolled back');
    expect(await read()).toMatch(new RegExp(`:${xid + 1}:`));
  });

  it('[RELAY-67] leaves out what is open, before and behind the latest change', async () => {
    const { database, add, read, newSince } = await open();
    let end = () => {};
    const isEnded = new Promise<void>((resolve) => (end = resolve));
    const committed: Promise<void>[] = [];
    const openOne = (id: string) =>
      new Promise<void>((begun) => {
        committed.push(
          database.transaction(async (query) => {
            await add(query, id);
            begun();
            await isEnded;
          }),
        );
      });
    await openOne('before');
    await add(database.query, 'between');
    await openOne('behind');
    const horizon = await read();
    expect(await newSince(horizon)).toEqual([]);
    end();
    await Promise.all(committed);
    expect((await newSince(horizon)).sort()).toEqual(['before', 'behind']);
    expect(await newSince(await read())).toEqual([]);
  });
});
