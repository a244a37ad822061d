import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { memoryTemplate } from '../../../test/support/relay/temporary-storage.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { Database } from '../database/database.ts';
import { openMemoryDatabase } from '../database/pglite-database.ts';
import { prepareSchema } from '../database/schema.ts';
import { beginErasure } from '../erasure/erasure-rows.ts';
import type { Quota } from './quota.ts';
import { createUsage, maxReadMs, writeUsageMs } from './usage.ts';
import { keyOf } from './usage-rows.ts';

/** One for all tests, because opening it takes longer than they do. */
let shared: Database;
beforeAll(async () => {
  shared = await openMemoryDatabase({ template: await memoryTemplate() });
  await prepareSchema(shared);
});
afterAll(() => shared.close());

async function openDatabase(): Promise<Database> {
  await shared.query(`truncate relay.usage, relay.quotas, relay.erasures, relay.erased`);
  return shared;
}

function open(database: Pick<Database, 'query' | 'write'>, quota?: Quota) {
  const clock = createFakeClock();
  const asked: string[][] = [];
  const quotas = { anyone: quota };
  const usage = createUsage({
    database,
    quotaOf: () => quotas.anyone,
    hasRoomFor: (clientIDs) => void asked.push([...clientIDs]),
    clock,
    logger: silentLogger,
  });
  onTestFinished(usage.stop);
  return { usage, clock, asked, quotas };
}

const bytes = (count: number) => ({ bytes: count, coValues: 0 });
const row = (principal: string, count: number, coValues = 0) => ({ principal, bytes: count, coValues });

async function stored(database: Database) {
  return database.query(
    `select principal, bytes, covalues as "coValues" from relay.usage order by principal`,
  );
}

it('[RELAY-85] is added to the database every 10 s, by several relays', async () => {
  const database = await openDatabase();
  const [one, two] = [open(database), open(database)];
  one.usage.charge('a', { bytes: 10, coValues: 1 });
  one.usage.charge('a', bytes(5));
  one.usage.charge('b', bytes(7));
  two.usage.charge('a', { bytes: 100, coValues: 2 });
  one.clock.advance(writeUsageMs - 1);
  expect(await stored(database)).toEqual([]);
  one.clock.advance(1);
  two.clock.advance(writeUsageMs);
  await until(async () => expect(await stored(database)).toEqual([row('a', 115, 3), row('b', 7)]));
  // Neither has anything more to write, nor anything in memory.
  for (const { usage, clock } of [one, two]) {
    await until(() => expect(usage.count()).toBe(0));
    clock.advance(10 * writeUsageMs);
  }
  expect(await two.usage.usedBy('a')).toEqual({ bytes: 115, coValues: 3 });
  expect(await two.usage.largest(1)).toEqual([row('a', 115, 3)]);
});

it('[RELAY-90] of an account that was erased is not written any more, whether this relay knows it or not', async () => {
  const database = await openDatabase();
  await beginErasure(database, {
    ...{ id: 'first', salt: 'salt', askedAtMs: 0 },
    person: { accountID: 'erased', agentIDs: [] },
  });
  const { usage, clock } = open(database);
  for (const key of ['a', 'erased']) usage.charge(key, bytes(5));
  clock.advance(writeUsageMs);
  await until(async () => expect(await stored(database)).toEqual([row('a', 5)]));
});

it('[RELAY-85] is kept while the database takes nothing, and is written once', async () => {
  const database = await openDatabase();
  let isDown = true;
  const { usage } = open({
    ...database,
    write: (...statement) =>
      isDown ? Promise.reject(new Error('The database is down.')) : database.write(...statement),
  });
  usage.charge('a', bytes(10));
  await usage.write();
  usage.charge('a', bytes(1));
  await usage.write();
  expect(await stored(database)).toEqual([]);
  isDown = false;
  await usage.write();
  await usage.write();
  expect(await stored(database)).toEqual([row('a', 11)]);
});

it('[RELAY-85] what is committed during a write is not lost', async () => {
  const database = await openDatabase();
  const { usage } = open({
    ...database,
    async write(...statement) {
      usage.charge('a', bytes(1));
      return database.write(...statement);
    },
  });
  usage.charge('a', bytes(10));
  await usage.write();
  await usage.write();
  expect(await stored(database)).toEqual([row('a', 11)]);
});

it('[RELAY-85] has room up to the quota, with what is on its way, also from another relay', async () => {
  const database = await openDatabase();
  const quota = { bytes: 100, coValues: 2 };
  const [one, two] = [open(database, quota), open(database, quota)];
  two.usage.charge('a', { bytes: 60, coValues: 2 });
  await two.usage.write();
  const payer = await one.usage.enter('client-1', 'a');
  expect(payer?.used()).toEqual({ bytes: 60, coValues: 2 });
  expect(payer?.hasRoom(bytes(40))).toBe(true);
  expect(payer?.hasRoom(bytes(41))).toBe(false);
  expect(payer?.hasRoom({ bytes: 1, coValues: 1 })).toBe(false);
  const release = payer?.reserve(bytes(30));
  expect(payer?.hasRoom(bytes(11))).toBe(false);
  one.usage.charge('a', bytes(30));
  release?.();
  expect(payer?.hasRoom(bytes(10))).toBe(true);
  expect(payer?.hasRoom(bytes(11))).toBe(false);
  // Another relay takes the rest; this one reads it before 10 s with content have passed.
  two.usage.charge('a', bytes(10));
  await two.usage.write();
  one.clock.advance(writeUsageMs);
  await until(() => expect(payer?.used().bytes).toBe(100));
});

it('[RELAY-85] of one who comes back after a while is read again with the first content', async () => {
  const database = await openDatabase();
  const [one, two] = [open(database, { bytes: 100 }), open(database)];
  const payer = await one.usage.enter('client-1', 'a');
  two.usage.charge('a', bytes(90));
  await two.usage.write();
  one.clock.advance(writeUsageMs + 1);
  expect(payer?.used().bytes).toBe(0);
  payer?.reserve(bytes(1))();
  await until(() => expect(payer?.used().bytes).toBe(90));
});

it('[RELAY-85] clients that were refused are asked to connect again once there is room for what they sent', async () => {
  const database = await openDatabase();
  const { usage, clock, asked, quotas } = open(database, { bytes: 100 });
  usage.charge('a', bytes(90));
  await usage.write();
  const payer = await usage.enter('client-1', 'a');
  await usage.enter('client-2', 'a');
  await usage.enter('client-3', 'a');
  for (const clientID of ['client-1', 'client-3']) payer?.refused(clientID, bytes(30));
  payer?.refused('client-1', bytes(20));
  usage.left('client-3');
  quotas.anyone = { bytes: 109 };
  usage.quotasChanged([]);
  expect(asked).toEqual([]);
  // Another relay erases what the principal has deleted.
  await database.write(`update relay.usage set bytes = 89`);
  clock.advance(writeUsageMs);
  await until(() => expect(asked).toEqual([['client-1']]));
  expect(payer?.isRefused('client-1')).toBe(false);
});

it('[RELAY-85] no client is asked to connect again for what nothing that it sent would fit into', async () => {
  const database = await openDatabase();
  const { usage, asked, quotas } = open(database, { bytes: 100, coValues: 5 });
  usage.charge('a', { bytes: 90, coValues: 5 });
  await usage.write();
  const payer = await usage.enter('client-1', 'a');
  await usage.enter('client-2', 'a');
  // Its small content needs a CoValue, and the other one more bytes.
  payer?.refused('client-1', { bytes: 5, coValues: 1 });
  payer?.refused('client-1', bytes(50));
  payer?.refused('client-2', bytes(50));
  await usage.write();
  expect(asked).toEqual([]);
  quotas.anyone = { bytes: 100, coValues: 6 };
  usage.quotasChanged([]);
  expect(asked).toEqual([['client-1']]);
  quotas.anyone = { bytes: 140, coValues: 6 };
  usage.quotasChanged([]);
  expect(asked).toEqual([['client-1'], ['client-2']]);
});

it('[RELAY-85] keeps in memory who is connected with a quota, and nobody else', async () => {
  const database = await openDatabase();
  const { usage, quotas } = open(database);
  expect(await usage.enter('client-1', 'a')).toBeUndefined();
  expect(usage.count()).toBe(0);
  quotas.anyone = { coValues: 5 };
  usage.quotasChanged([['client-1', 'a']]);
  await usage.enter('client-2', 'a');
  await usage.enter('client-3', 'b');
  expect(usage.count()).toBe(2);
  for (const clientID of ['client-1', 'client-2', 'client-3', 'client-4']) usage.left(clientID);
  expect(usage.count()).toBe(0);
  expect(usage.payerOf('client-1')).toBeUndefined();
});

it('[RELAY-85] does not keep a client out while the database is stuck', async () => {
  const database = await openDatabase();
  let answer = () => {};
  const stuck = new Promise<void>((resolve) => (answer = resolve));
  const { usage, clock } = open(
    { ...database, query: (...statement) => stuck.then(() => database.query(...statement)) },
    { bytes: 100 },
  );
  await database.write(`insert into relay.usage (principal, bytes, covalues) values ('a', 90, 1)`);
  const entering = usage.enter('client-1', 'a');
  // The second one waits for the same answer.
  const other = usage.enter('client-2', 'a');
  clock.advance(maxReadMs);
  expect((await entering)?.used().bytes).toBe(0);
  await other;
  answer();
  await until(() => expect(usage.payerOf('client-2')?.used().bytes).toBe(90));
});

it('[RELAY-85] of many whose usage the database does not take, the oldest are forgotten', async () => {
  const database = await openDatabase();
  const { usage } = open(
    { ...database, write: () => Promise.reject(new Error('The database is down.')) },
    { bytes: 10 },
  );
  await usage.enter('client-1', 'connected');
  for (let one = 0; one < 10_050; one++) usage.charge(`user-${one}`, bytes(1));
  await usage.write();
  expect(usage.count()).toBe(10_001);
});

it('stores long IDs by their hash', () => {
  expect(keyOf('co_zA')).toBe('co_zA');
  const long = JSON.stringify(['https://id.example.org', 'ü'.repeat(1_500)]);
  expect(keyOf(long)).toMatch(/^sha256:[\w-]{43}$/);
  expect(keyOf(long)).not.toBe(keyOf(`${long} `));
});
