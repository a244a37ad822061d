import { expect, it, onTestFinished, vi } from 'vitest';
import { memoryTemplate } from '../../../test/support/relay/temporary-storage.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { openMemoryDatabase } from '../database/pglite-database.ts';
import type { Database } from '../database/database.ts';
import { prepareSchema } from '../database/schema.ts';
import { maxRestrictions, type Restriction } from './restriction.ts';
import { createRestrictions } from './restrictions.ts';

const clock = createFakeClock();

async function openDatabase(): Promise<Database> {
  const database = await openMemoryDatabase({ template: await memoryTemplate() });
  onTestFinished(() => database.close());
  await prepareSchema(database);
  return database;
}

async function open(database: Pick<Database, 'query' | 'write'>, clock = createFakeClock()) {
  const on = { began: vi.fn(), ended: vi.fn(), changed: vi.fn() };
  const restrictions = createRestrictions({
    ...{ database, clock, logger: silentLogger, on },
    accountIDOf: (agentID) => `co_zOf${agentID}`,
  });
  await restrictions.load();
  onTestFinished(restrictions.stop);
  return { restrictions, on, clock };
}

function restriction(change: Partial<Restriction> = {}): Restriction {
  return { kind: 'account', id: 'co_zA', reason: 'Spam', untilMs: 0, sinceMs: clock.nowMs(), ...change };
}

it('[RELAY-61] are in force once they are stored, after a restart, and until they are removed', async () => {
  const database = await openDatabase();
  const first = await open(database);
  const principal = restriction({ kind: 'principal', id: '["id","user"]', sinceMs: 2 });
  const added = [
    restriction({ sinceMs: 1 }),
    principal,
    restriction({ kind: 'covalue', id: 'co_zB', sinceMs: 3 }),
  ];
  for (const one of added) expect(await first.restrictions.add(one)).toBe(true);
  expect([first.on.began, first.on.changed].map(({ mock }) => mock.calls.length)).toEqual([3, 3]);
  const { restrictions, on } = await open(database);
  expect(restrictions.list()).toEqual(added);
  expect(restrictions.blockOf({ kind: 'account', id: 'co_zA' })).toEqual(added[0]);
  expect(restrictions.blockOf({ kind: 'token', id: '["id","user"]' })).toEqual(principal);
  expect(restrictions.blockOf({ kind: 'token', id: 'co_zA' })).toBeUndefined();
  expect([restrictions.isBlocked('co_zA'), restrictions.isBlocked('co_zB')]).toEqual([true, false]);
  expect([restrictions.isTakenDown('co_zA'), restrictions.isTakenDown('co_zB')]).toEqual([false, true]);
  expect(await restrictions.remove({ kind: 'covalue', id: 'co_zA' })).toBe(false);
  expect(on.changed).not.toHaveBeenCalled();
  expect(await restrictions.remove({ kind: 'account', id: 'co_zA' })).toBe(true);
  expect([restrictions.isBlocked('co_zA'), on.ended.mock.calls.length]).toEqual([false, 1]);
  await first.restrictions.refresh();
  expect([first.restrictions.isBlocked('co_zA'), first.on.ended.mock.calls.length]).toEqual([false, 1]);
});

it('[RELAY-61] end by the clock, also if someone sets it', async () => {
  const database = await openDatabase();
  const { restrictions, on, clock } = await open(database);
  await restrictions.add(restriction({ untilMs: clock.nowMs() + 5_000 }));
  await restrictions.add(restriction({ kind: 'covalue', untilMs: clock.nowMs() + 3_600_000 }));
  clock.advance(4_999);
  expect([restrictions.isBlocked('co_zA'), on.ended.mock.calls.length]).toEqual([true, 0]);
  clock.advance(1);
  expect([restrictions.isBlocked('co_zA'), on.ended.mock.calls.length]).toEqual([false, 1]);
  clock.jump(3_600_000);
  clock.advance(60_000);
  expect([restrictions.isTakenDown('co_zA'), on.ended.mock.calls.length]).toEqual([false, 2]);
  expect((await open(database, clock)).restrictions.list()).toEqual([]);
});

it('replace an earlier one of the same target, which ends and begins nothing', async () => {
  const { restrictions, on } = await open(await openDatabase());
  await restrictions.add(restriction());
  await restrictions.add(restriction({ reason: 'More spam', sinceMs: 5 }));
  expect(restrictions.list()).toEqual([restriction({ reason: 'More spam', sinceMs: 5 })]);
  expect([on.began, on.ended].map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
});

it('are limited in number, not counting those that have ended', async () => {
  const database = await openDatabase();
  const fill = (untilMs: number) =>
    database.write(
      `insert into restrictions select 'account', 'co_z' || number, 'Spam', $1::float8, 1
       from generate_series(1, ${maxRestrictions}) as number`,
      [untilMs],
    );
  await fill(0);
  const { restrictions } = await open(database);
  expect(await restrictions.add(restriction())).toBe(false);
  expect(await restrictions.add(restriction({ id: 'co_z1', reason: 'Other' }))).toBe(true);
  await database.write('delete from restrictions');
  await fill(2);
  expect(await restrictions.add(restriction())).toBe(true);
  expect(restrictions.list()).toHaveLength(1);
});

it('are read again until that succeeds, and stay in force meanwhile', async () => {
  const database = await openDatabase();
  let isBroken = false;
  const query: Database['query'] = (...asked) =>
    isBroken ? Promise.reject(new Error('The database is gone.')) : database.query(...asked);
  const { restrictions, clock } = await open({ ...database, query });
  await restrictions.add(restriction());
  await database.write('delete from restrictions');
  isBroken = true;
  const refreshed = restrictions.refresh();
  await until(() => expect(clock.waiting).toBe(1));
  expect(restrictions.isBlocked('co_zA')).toBe(true);
  isBroken = false;
  clock.advance(1_000);
  await refreshed;
  expect(restrictions.isBlocked('co_zA')).toBe(false);
});

it('are in force although a reading that began before they were stored ends after that', async () => {
  const database = await openDatabase();
  let reads = 0;
  let hold = Promise.resolve();
  const query: Database['query'] = async (...asked) => {
    const rows = await database.query(...asked);
    reads++;
    await hold;
    return rows as never;
  };
  const { restrictions } = await open({ ...database, query });
  let release = () => {};
  hold = new Promise((resolve) => (release = resolve));
  const early = restrictions.refresh();
  await until(() => expect(reads).toBe(2));
  const added = restrictions.add(restriction());
  await until(async () => expect(await database.query('select from restrictions')).toHaveLength(1));
  release();
  expect(await added).toBe(true);
  await early;
  expect(restrictions.isBlocked('co_zA')).toBe(true);
});

it('[RELAY-61] a block of an account holds for the agent that made it, and for its lookups', async () => {
  const { restrictions } = await open(await openDatabase());
  await restrictions.add(restriction({ id: 'co_zOfsealer_z1/signer_z1' }));
  expect(restrictions.isBlocked('sealer_z1/signer_z1')).toBe(true);
  expect(restrictions.isBlocked('sealer_z2/signer_z2')).toBe(false);
  expect(restrictions.blockOf({ kind: 'lookup', id: 'sealer_z1/signer_z1' })).toBeDefined();
  expect(restrictions.blockOf({ kind: 'token', id: 'co_zOfsealer_z1/signer_z1' })).toBeUndefined();
});

it('[RELAY-61] a block that ended by a clock which was ahead comes into force again', async () => {
  const database = await openDatabase();
  const { restrictions, clock } = await open(database);
  await restrictions.add(restriction({ untilMs: clock.nowMs() + 3_600_000 }));
  clock.jump(3_600_001);
  clock.advance(60_000);
  expect(restrictions.isBlocked('co_zA')).toBe(false);
  // A relay whose clock is ahead stores another one.
  const ahead = createFakeClock();
  ahead.jump(7_200_000);
  const other = await open(database, ahead);
  await other.restrictions.add(restriction({ id: 'co_zB', sinceMs: ahead.nowMs() }));
  clock.jump(-3_600_001);
  clock.advance(60_000);
  expect(restrictions.isBlocked('co_zA')).toBe(true);
  await restrictions.refresh();
  expect([restrictions.isBlocked('co_zA'), restrictions.isBlocked('co_zB')]).toEqual([true, true]);
});
