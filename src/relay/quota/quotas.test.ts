import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { memoryTemplate } from '../../../test/support/relay/temporary-storage.ts';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { Database } from '../database/database.ts';
import { openMemoryDatabase } from '../database/pglite-database.ts';
import { prepareSchema } from '../database/schema.ts';
import { maxOwnQuotas } from './quota-rows.ts';
import { hasRoom, readQuota } from './quota.ts';
import { createQuotas } from './quotas.ts';

/** One for all tests, because opening it takes longer than they do. */
let shared: Database;
beforeAll(async () => {
  shared = await openMemoryDatabase({ template: await memoryTemplate() });
  await prepareSchema(shared);
});
afterAll(() => shared.close());

async function openDatabase(): Promise<Database> {
  await shared.query(`truncate relay.usage, relay.quotas`);
  return shared;
}

async function open(database: Database) {
  const on = { applied: vi.fn(), changed: vi.fn() };
  const usual = { bytes: 100, coValues: 10 };
  const quotas = createQuotas({ database, usual, clock: createFakeClock(), logger: silentLogger, on });
  onTestFinished(quotas.stop);
  await quotas.load();
  return { quotas, on, usual };
}

it('[RELAY-86] an operator sets the quota of one principal in one namespace, for all relays', async () => {
  const database = await openDatabase();
  const [one, two] = [await open(database), await open(database)];
  expect(await one.quotas.set({ app: '', principal: 'a', quota: { bytes: 5 } })).toBe(true);
  expect(await one.quotas.set({ app: 'notes', principal: 'a', quota: { bytes: 0, coValues: 0 } })).toBe(true);
  expect([one.on.changed, one.on.applied].map(({ mock }) => mock.calls.length)).toEqual([2, 2]);
  await two.quotas.refresh();
  await two.quotas.refresh();
  expect(two.on.applied).toHaveBeenCalledOnce();
  const three = await open(database);
  for (const { quotas, usual } of [one, two, three]) {
    expect(quotas.of('', 'a')).toEqual({ bytes: 5 });
    expect(quotas.of('notes', 'a')).toEqual({ bytes: 0, coValues: 0 });
    expect([quotas.of('', 'b'), quotas.of('chess', 'a')]).toEqual([usual, usual]);
  }
  expect(await two.quotas.remove({ app: '', principal: 'a' })).toBe(true);
  expect(await two.quotas.remove({ app: '', principal: 'a' })).toBe(false);
  expect(two.quotas.of('', 'a')).toEqual(two.usual);
});

it('[RELAY-86] there can be 10,000 quotas of single principals', async () => {
  const database = await openDatabase();
  await database.query(
    `insert into relay.quotas (app, principal, bytes, covalues) select '', 'user-' || n, 1, -1 from generate_series(1, $1::int4) as n`,
    [maxOwnQuotas],
  );
  const { quotas, on } = await open(database);
  expect(await quotas.set({ app: '', principal: 'other', quota: { bytes: 1 } })).toBe(false);
  expect(on.changed).not.toHaveBeenCalled();
  expect(await quotas.set({ app: '', principal: 'user-7', quota: { bytes: 2 } })).toBe(true);
  expect(quotas.of('', 'user-7')).toEqual({ bytes: 2 });
});

it('what adds nothing of what is used up has room', () => {
  const used = { bytes: 200, coValues: 3 };
  expect(hasRoom({ bytes: 100, coValues: 4 }, used, { bytes: 0, coValues: 1 })).toBe(true);
  expect(hasRoom({ bytes: 100 }, used, { bytes: 1, coValues: 0 })).toBe(false);
  expect(hasRoom({ coValues: 3 }, used, { bytes: 1_000, coValues: 0 })).toBe(true);
  expect(hasRoom({ coValues: 3 }, used, { bytes: 1, coValues: 1 })).toBe(false);
});

it('[RELAY-85] settings are integers from 0, and need clients that sign in', () => {
  expect(readQuota({}, false)).toBeUndefined();
  expect(readQuota({ bytes: 0 }, true)).toEqual({ bytes: 0 });
  expect(readQuota({ coValues: Number.MAX_SAFE_INTEGER }, true)).toEqual({
    coValues: Number.MAX_SAFE_INTEGER,
  });
  for (const bytes of [-1, 1.5, NaN, Infinity, 2 ** 53])
    expect(() => readQuota({ bytes }, true)).toThrow(
      expect.objectContaining({ code: 'RELAY_SETTING_INVALID' }),
    );
  expect(() => readQuota({ coValues: 1 }, false)).toThrow(/Set JWKS_URL or SYNC_MAIA_ACCOUNT_AUTH/);
});
