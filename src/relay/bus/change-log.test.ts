import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { openPostgresDatabase } from '../database/postgres-database.ts';
import { prepareSchema } from '../database/schema.ts';
import { createChangeLog } from './change-log.ts';

const hourMs = 3_600_000;

async function openLog() {
  const database = await openPostgresDatabase(await createPostgres(), 'test', silentLogger);
  await prepareSchema(database);
  const clock = createFakeClock();
  const log = createChangeLog(database.query, clock, silentLogger);
  onTestFinished(async () => {
    log.stop();
    await database.close();
  });
  const add = (id: string, after = 0, count = 1, age = '0 hours', query = database.query) =>
    query(
      `insert into changes (covalue_id, session_id, after, count, at)
       values ($1, 'session', $2, $3, now() - $4::interval)`,
      [id, after, count, age],
    );
  await log.read();
  return { database, clock, log, add };
}

const changeOf = (id: string, count = 1) => ({ id, sessionID: 'session', count });

describePostgres('the log of changes', () => {
  it('is read from where the last reading ended, each session once', async () => {
    const { log, add } = await openLog();
    expect(await log.read()).toEqual([]);
    await add('one');
    await add('one', 1, 3);
    await add('two');
    const changes = await log.read();
    expect(changes).toHaveLength(2);
    expect(changes?.find(({ id }) => id === 'one')).toMatchObject(changeOf('one', 4));
    expect(changes?.find(({ id }) => id === 'two')).toMatchObject(changeOf('two'));
    expect(await log.read()).toEqual([]);
  });

  it('[RELAY-51] loses no commit that others overtook', async () => {
    const { database, log, add } = await openLog();
    let overtake = () => {};
    const isOvertaken = new Promise<void>((resolve) => (overtake = resolve));
    let begin = () => {};
    const hasBegun = new Promise<void>((resolve) => (begin = resolve));
    const slow = database.transaction(async (query) => {
      await add('slow', 0, 1, '0 hours', query);
      begin();
      await isOvertaken;
    });
    await hasBegun;
    await add('fast');
    expect(await log.read()).toMatchObject([changeOf('fast')]);
    await add('faster');
    expect(await log.read()).toMatchObject([changeOf('faster')]);
    overtake();
    await slow;
    expect(await log.read()).toMatchObject([changeOf('slow')]);
  });

  it('says that anything may have changed after half a day, and after it was reset', async () => {
    const { clock, log, add } = await openLog();
    await add('one');
    log.reset();
    expect(await log.read()).toBeUndefined();
    expect(await log.read()).toEqual([]);
    clock.advance(12 * hourMs);
    expect(await log.read()).toBeUndefined();
  });

  it('forgets what is a day old, but for the last of it, which shows from where on the log is whole', async () => {
    const { database, clock, add } = await openLog();
    for (const id of ['oldest', 'older', 'old']) await add(id, 0, 1, '25 hours');
    await add('young', 0, 1, '23 hours');
    clock.advance(600_000);
    await expect
      .poll(() => database.query(`select covalue_id as id from changes order by xid`), { timeout: 10_000 })
      .toEqual([{ id: 'old' }, { id: 'young' }]);
  });

  it('forgets what a dump brought from another server, whose transactions have higher numbers', async () => {
    const { database, clock, log, add } = await openLog();
    await add('dumped');
    await database.query(`update changes set xid = (xid::text::int8 + 1000000)::text::xid8`);
    clock.advance(600_000);
    await expect
      .poll(() => database.query(`select covalue_id as id from changes`), { timeout: 5_000 })
      .toEqual([{ id: '' }]);
    expect(await log.read()).toEqual([]);
  });
});
