import { LocalNode, type RawCoID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { ledgerOf, pendingIn } from '../../../test/support/storage/facts.ts';
import { openStorage } from '../../../test/support/storage/open-storage.ts';
import { systemClock } from '../../base/clock.ts';
import { nextTask } from '../../base/next-task.ts';
import { createDeviceStates } from '../../sync/delivery/device-states.ts';
import { readDebts } from '../../sync/delivery/recall.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';

const databases = createDatabases(indexedDB);
const opened: KernelDeviceStorage[] = [];
let accountID: string;
beforeEach(() => {
  accountID = `marks-${crypto.randomUUID()}`;
});
afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
  for (const name of [`maia-${accountID}`, `maia-cojson-${accountID}`]) await databases.delete(name);
});

async function open(): Promise<KernelDeviceStorage> {
  const storage = await openStorage('cojson-indexeddb', accountID);
  opened.push(storage);
  return storage;
}

/** As a tab of an earlier version does. */
const mark = (id: RawCoID) =>
  databases.request(`maia-cojson-${accountID}`, 'unsyncedCoValues', (store) =>
    store.put({ coValueId: id, peerId: 'maia-unconfirmed' }),
  );

const wasm = await WasmCrypto.create();
const secret = wasm.newRandomAgentSecret();
function createNodeOn(storage: KernelDeviceStorage): LocalNode {
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(storage);
  return node;
}

async function recall(storage: KernelDeviceStorage) {
  const { byID } = await readDebts({
    ledger: ledgerOf(storage),
    states: createDeviceStates(createNodeOn(storage)),
    relayIDs: () => ['r'],
    onGenerations: () => {},
    clock: systemClock,
    nextTask,
  });
  return byID;
}

it('what is marked is owed until it is settled', async () => {
  const storage = await open();
  for (const id of ['co_z1', 'co_z2'] as const) await mark(id);
  ledgerOf(storage).useRelays(['r']);
  expect(await pendingIn(storage)).toEqual(['co_z1', 'co_z2']);
  ledgerOf(storage).settled('co_z1');
  await ledgerOf(storage).written();
  expect(await pendingIn(storage)).toEqual(['co_z2']);
});

it('what a tab of an earlier version marks again is pending', async () => {
  const storage = await open();
  const map = createNodeOn(storage).createGroup().createMap({ a: 1 });
  await storage.waitForSync(map.id, map.core);
  await mark(map.id);
  const ledger = ledgerOf(storage);
  ledger.useRelays(['r']);
  const first = await recall(storage);
  expect([...first.keys()]).toEqual([map.id]);
  const need = Object.entries(first.get(map.id)?.need ?? {});
  ledger.add({
    confirmations: need.map(([session, count]) => ({
      relayID: 'r',
      generation: 0,
      id: map.id,
      session,
      count,
    })),
  });
  ledger.settled(map.id);
  await ledger.written();
  expect((await recall(storage)).size).toBe(0);
  // The other tab is still open.
  map.set('a', 2);
  await storage.waitForSync(map.id, map.core);
  await mark(map.id);
  await storage.close();
  expect([...(await recall(await open())).keys()]).toEqual([map.id]);
});
