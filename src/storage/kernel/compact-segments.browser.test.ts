import { LocalNode, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { openStorage } from '../../../test/support/storage/open-storage.ts';
import { accountDatabase, stores } from '../account-database.ts';
import type { RawCoID } from '../../engine/content.ts';
import type { DeviceStorage } from '../device-storage.ts';
import { openDatabase } from '../indexed-db.ts';
import { compactSegments } from './compact-segments.ts';
import { joinPieces, knownStateOf } from './pieces.ts';
import { readPieces } from './segments.ts';
import { until } from '../../../test/support/until.ts';

const databases = createDatabases(indexedDB);
let accountID: string;
let storage: DeviceStorage;
let maps: readonly RawCoMap[];
let db: IDBDatabase;

/** Writes single edits, one segment each. */
beforeEach(async () => {
  accountID = `compact-${crypto.randomUUID()}`;
  storage = await openStorage('kernel', accountID);
  const wasm = await WasmCrypto.create();
  const secret = wasm.newRandomAgentSecret();
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(storage);
  const group = node.createGroup();
  maps = [group.createMap(), group.createMap()];
  for (let n = 0; n < 100; n++) {
    const map = maps[n % 2] as RawCoMap;
    map.set(`key ${n}`, n === 50 ? 'x'.repeat(30_000) : n);
    await storage.waitForSync(map.id, map.core);
  }
  const opened = await openDatabase(indexedDB, accountDatabase(accountID));
  if (!opened) throw new Error('The database does not exist.');
  db = opened;
});
afterEach(async () => {
  vi.restoreAllMocks();
  db.close();
  await storage.close();
  await databases.delete(accountDatabase(accountID).name);
});

const count = () =>
  databases.request<number>(accountDatabase(accountID).name, stores.segments, (store) => store.count());

/** Each CoValue as the storage reads it, with its pieces and runs joined. */
async function stored() {
  const ids = new Set<RawCoID>(maps.map(({ id }) => id));
  const pieces = await readPieces(db.transaction(stores.segments), ids);
  return maps.map(({ id }) => {
    const one = joinPieces(id, pieces.get(id) ?? []);
    if (!one) throw new Error('The CoValue is missing.');
    return {
      header: one.header,
      known: knownStateOf(one),
      transactions: [...one.runs].map(([session, runs]) => [
        session,
        runs.flatMap((run) => run.transactions),
        runs.at(-1)?.signature,
      ]),
    };
  });
}

async function compact(): Promise<void> {
  for (let from: number | undefined = 0; from !== undefined;) {
    from = await compactSegments(db.transaction([stores.segments], 'readwrite'), from);
  }
}

it('leaves few records, which read the same and which cojson accepts', async () => {
  const before = await stored();
  expect(await count()).toBeGreaterThan(90);
  await compact();
  expect(await count()).toBeLessThan(10);
  expect(await stored()).toEqual(before);

  const again = await openStorage('kernel', accountID);
  const wasm = await WasmCrypto.create();
  const secret = wasm.newRandomAgentSecret();
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(again);
  for (const map of maps) {
    const copy = await node.load(map.id);
    expect(copy !== 'unavailable' && copy.core.knownState()).toEqual(map.core.knownState());
  }
  await again.close();
});

it('changes nothing if it is interrupted', async () => {
  const before = await stored();
  const segments = await count();
  const real = IDBObjectStore.prototype.delete;
  let deletions = 0;
  vi.spyOn(IDBObjectStore.prototype, 'delete').mockImplementation(function (this: IDBObjectStore, key) {
    if (++deletions === 5) throw new Error('The tab was killed.');
    return real.call(this, key);
  });
  await expect(compact()).rejects.toThrow('The tab was killed.');
  expect(await count()).toBe(segments);
  expect(await stored()).toEqual(before);
});

it('is safe while another tab writes', async () => {
  const [map] = maps as [RawCoMap];
  const writing = (async () => {
    for (let n = 0; n < 50; n++) {
      map.set(`later ${n}`, n);
      await storage.waitForSync(map.id, map.core);
    }
  })();
  await Promise.all([writing, compact(), compact()]);
  await compact();
  const [first] = await stored();
  expect(first?.known.sessions).toEqual(map.core.knownState().sessions);
});

it('runs automatically once the storage is idle', async () => {
  await until(async () => expect(await count()).toBeLessThan(60));
});
