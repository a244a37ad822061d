import { LocalNode, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { openStorage } from '../../../test/support/storage/open-storage.ts';
import { until } from '../../../test/support/until.ts';
import type { RawCoID } from '../../engine/content.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';

// No tab announces anything here: each has only the database.

const databases = createDatabases(indexedDB);
const wasm = await WasmCrypto.create();
const secret = wasm.newRandomAgentSecret();
const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
let accountID: string;
let here: KernelDeviceStorage;
let there: KernelDeviceStorage;

beforeEach(async () => {
  accountID = `listed-${crypto.randomUUID()}`;
  [here, there] = await Promise.all([openStorage('kernel', accountID), openStorage('kernel', accountID)]);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([here.close(), there.close()]);
  await databases.delete(`maia-${accountID}`);
});

async function store(storage: KernelDeviceStorage): Promise<RawCoMap['id']> {
  const group = node.createGroup();
  for (const content of group.core.newContentSince() ?? [])
    await new Promise<void>((resolve) => storage.store(content, () => undefined, resolve));
  return group.id;
}

/** So few that they are looked up one by one. */
const unknown = new Set(Array.from({ length: 40 }, (_, index): RawCoID => `co_zUnknown${index}`));
const statesOf = async (...ids: RawCoID[]) => [...((await here.stored?.states(new Set(ids))) ?? [])];
const isStored = async (id: RawCoID) => (await statesOf(id)).length === 1;

/** How many IDs were looked up, of those that are not stored. */
async function lookUps(): Promise<number> {
  const lookedUp = vi.spyOn(IDBIndex.prototype, 'getAllKeys');
  const states = await here.stored?.states(unknown);
  expect(states?.size).toBe(0);
  const count = lookedUp.mock.calls.length;
  lookedUp.mockRestore();
  return count;
}

const listed = () => until(async () => expect(await lookUps()).toBe(0));

it('are read once many were looked up in vain, and replace the look-ups', async () => {
  const id = await store(here);
  expect(await lookUps()).toBe(unknown.size);
  await listed();
  expect(await isStored(id)).toBe(true);
});

it('stay a whole list while this tab writes', async () => {
  await store(here);
  await listed();
  const cursor = vi.spyOn(IDBIndex.prototype, 'openKeyCursor');
  const id = await store(here);
  expect(await lookUps()).toBe(0);
  expect(cursor).not.toHaveBeenCalled();
  expect(await isStored(id)).toBe(true);
});

it('are read only once if many look-ups end in vain that began before', async () => {
  await store(here);
  const cursor = vi.spyOn(IDBIndex.prototype, 'openKeyCursor');
  const lookingUp = Array.from({ length: 20 }, async () => here.stored?.states(unknown));
  await Promise.all(lookingUp);
  await listed();
  expect(cursor).toHaveBeenCalledOnce();
});

it('are not trusted after another tab has stored something, until they are read again', async () => {
  await store(here);
  await listed();
  const id = await store(there);
  expect(await isStored(id)).toBe(true);
  expect(await lookUps()).toBe(unknown.size);
  await listed();
  expect(await isStored(id)).toBe(true);
});

it('are not trusted if another tab has stored something between two writes of this one', async () => {
  await store(here);
  await listed();
  const id = await store(there);
  await store(here);
  expect(await isStored(id)).toBe(true);
});

it('are not trusted in a database that was emptied and is written again by another tab', async () => {
  await store(here);
  await listed();
  for (const name of ['segments', 'ledger'])
    await databases.request(`maia-${accountID}`, name, (records) => (records.clear(), records.count()));
  const id = await store(there);
  expect(await isStored(id)).toBe(true);
});
