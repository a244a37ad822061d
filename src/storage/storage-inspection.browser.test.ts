import type { RawCoID } from 'cojson';
import { afterEach, describe, expect, it } from 'vitest';
import { assert } from '../base/assert.ts';
import { nodeOn, watchDone } from '../../test/support/storage/device-storage-contract.ts';
import { createDatabases } from '../../test/support/storage/databases.ts';
import { failIndexedDB } from '../../test/support/storage/failing-indexeddb.ts';
import { debtOf, ledgerOf } from '../../test/support/storage/facts.ts';
import { openStorage, type KeptKind } from '../../test/support/storage/open-storage.ts';
import type { KernelDeviceStorage } from './kernel-device-storage.ts';
import type { StorageInspection } from './storage-inspection.ts';
import { until } from '../../test/support/until.ts';

const databases = createDatabases(indexedDB);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function open(kind: KeptKind, accountID: string): Promise<KernelDeviceStorage> {
  const storage = await openStorage(kind, accountID);
  ends.push(() => storage.close());
  return storage;
}

function inspectionOf({ inspection }: KernelDeviceStorage): StorageInspection {
  assert(inspection, 'a persistent storage should have an inspection');
  return inspection;
}

async function allIDs(storage: KernelDeviceStorage): Promise<readonly RawCoID[]> {
  const ids: RawCoID[] = [];
  for await (const page of inspectionOf(storage).ids()) ids.push(...page.map(({ id }) => id));
  return ids.toSorted();
}

describe.each([
  { kind: 'kernel', database: (id: string) => `maia-${id}` },
  { kind: 'cojson-indexeddb', database: (id: string) => `maia-cojson-${id}` },
] as const)('inspecting $kind', ({ kind, database }) => {
  const newAccountID = () => `inspection-${crypto.randomUUID()}`;

  it('lists all IDs, reads their content as cojson would receive it, and names the databases', async () => {
    const accountID = newAccountID();
    const storage = await open(kind, accountID);
    const done = watchDone(storage);
    const node = await nodeOn(storage);
    const group = node.createGroup();
    const maps = [1, 2, 3].map((n) => group.createMap({ n }));
    const all = [group, ...maps].map(({ id }) => id as RawCoID).toSorted();
    await until(() => expect(new Set(done)).toEqual(new Set(all)));

    expect(await allIDs(storage)).toEqual(all);
    const found = await inspectionOf(storage).read(new Set([...all, 'co_zNowhere']));
    expect([...found.keys()].toSorted()).toEqual(all);
    const fresh = await nodeOn(await open(kind, newAccountID()));
    for (const content of [...found.values()].flat()) {
      fresh.syncManager.handleNewContent(structuredClone(content), 'import');
    }
    for (const { id, core } of [group, ...maps]) {
      await until(() => expect(fresh.getCoValue(id).knownState()).toEqual(core.knownState()));
    }
    expect(inspectionOf(storage).databases()).toEqual([database(accountID)]);
    expect(await databases.names()).toContain(database(accountID));
  });

  it('does not affect loading: inspected CoValues are still loaded as dependencies', async () => {
    const accountID = newAccountID();
    const first = await open(kind, accountID);
    const done = watchDone(first);
    const group = (await nodeOn(first)).createGroup();
    const map = group.createMap({ n: 1 }, null, 'trusting');
    await until(() => expect(done).toEqual(expect.arrayContaining([group.id, map.id])));
    const second = await open(kind, accountID);
    await inspectionOf(second).read(new Set([group.id, map.id]));
    const loaded = await (await nodeOn(second)).load(map.id);
    expect(loaded !== 'unavailable' && loaded.get('n')).toBe(1);
    expect(loaded !== 'unavailable' && loaded.group.id).toBe(group.id);
  });

  it('includes what other tabs have left unconfirmed', async () => {
    const accountID = newAccountID();
    const [one, other] = [await open(kind, accountID), await open(kind, accountID)];
    ledgerOf(one).add({ debts: [debtOf('co_zOwed')] });
    await ledgerOf(one).written();
    expect(await inspectionOf(other).unconfirmed()).toEqual(['co_zOwed']);
  });

  it('reports each write attempt, and consecutive failures', async () => {
    const storage = await open(kind, newAccountID());
    const node = await nodeOn(storage);
    const tried: string[] = [];
    const stop = inspectionOf(storage).attempts.listen(({ error }) => tried.push(error?.code ?? 'written'));
    ends.push(stop);
    const mend = failIndexedDB(
      (_, mode) => mode === 'readwrite',
      new DOMException('no room', 'QuotaExceededError'),
    );
    ends.push(mend);
    node.createGroup();
    await until(() => expect(inspectionOf(storage).attempts.failing?.count).toBeGreaterThan(0));
    mend();
    await until(() => expect(tried).toContain('written'));
    expect(tried[0]).toBe('STORAGE_FULL');
    expect(inspectionOf(storage).attempts.failing).toBeUndefined();
  });
});

it('lists each ID once across several pages', async () => {
  const storage = await open('kernel', `inspection-${crypto.randomUUID()}`);
  const done = watchDone(storage);
  const group = (await nodeOn(storage)).createGroup();
  const maps = Array.from({ length: 1_100 }, () => group.createMap());
  const all = [group, ...maps].map(({ id }) => id as RawCoID).toSorted();
  await until(() => expect(done.length).toBeGreaterThanOrEqual(all.length));
  expect(await allIDs(storage)).toEqual(all);
});

it('lists content that is still in the stock database', async () => {
  const accountID = `inspection-${crypto.randomUUID()}`;
  const stock = await openStorage('cojson-indexeddb', accountID);
  const done = watchDone(stock);
  const group = (await nodeOn(stock)).createGroup();
  const map = group.createMap({ n: 1 });
  await until(() => expect(done).toEqual(expect.arrayContaining([group.id, map.id])));
  await stock.close();
  await blockMigration(accountID);
  const storage = await open('kernel', accountID);
  expect(inspectionOf(storage).databases()).toEqual([`maia-${accountID}`, `maia-cojson-${accountID}`]);
  expect(await allIDs(storage)).toEqual([group.id, map.id].toSorted());
  const found = await inspectionOf(storage).read(new Set([map.id]));
  expect(found.get(map.id)).toHaveLength(1);
});

/** Resolves once the migration’s lock is held here, which it is until the test’s end. */
async function blockMigration(accountID: string): Promise<void> {
  let letGo = () => {};
  const over = new Promise<void>((resolve) => (letGo = resolve));
  await new Promise<void>((granted) => {
    const held = navigator.locks.request(`maia/take-over/${accountID}`, () => {
      granted();
      return over;
    });
    ends.push(() => {
      letGo();
      return held;
    });
  });
}
