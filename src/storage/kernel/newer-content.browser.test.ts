import { LocalNode, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { openStorage } from '../../../test/support/storage/open-storage.ts';
import type { Content } from '../../engine/content.ts';
import type { KernelDeviceStorage, KnownCoValue } from '../kernel-device-storage.ts';

const databases = createDatabases(indexedDB);
const wasm = await WasmCrypto.create();
const secret = wasm.newRandomAgentSecret();
let accountID: string;
let here: KernelDeviceStorage;
let there: KernelDeviceStorage;
let map: RawCoMap;
let other: RawCoMap;

const session = () => wasm.newRandomSessionID(wasm.getAgentID(secret));
const stored = (storage: KernelDeviceStorage, content: Content) =>
  new Promise<void>((resolve) => storage.store(content, () => undefined, resolve));

/** Edits the map and stores the edit, one piece per call. */
async function edited(storage: KernelDeviceStorage, of: RawCoMap, key: string): Promise<void> {
  const before = of.core.knownState();
  of.set(key, 1);
  for (const content of of.core.newContentSince(before) ?? []) await stored(storage, content);
}

beforeEach(async () => {
  accountID = `newer-${crypto.randomUUID()}`;
  [here, there] = await Promise.all([openStorage('kernel', accountID), openStorage('kernel', accountID)]);
  const nodes = [new LocalNode(secret, session(), wasm), new LocalNode(secret, session(), wasm)] as const;
  const group = nodes[0].createGroup();
  map = group.createMap({ a: 1 });
  for (const { core } of [group, map]) {
    for (const content of core.newContentSince() ?? []) {
      await stored(there, content);
      nodes[1].syncManager.handleNewContent(content, 'import');
    }
  }
  other = nodes[1].expectCoValueLoaded(map.id).getCurrentContent() as RawCoMap;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([here.close(), there.close()]);
  await databases.delete(`maia-${accountID}`);
});

function haveOf({ core }: RawCoMap): KnownCoValue {
  if (!core.isAvailable()) throw new Error('The CoValue is missing.');
  return { header: core.verified.header, state: structuredClone(core.knownState()) };
}

function take(contents: readonly Content[] | undefined): void {
  for (const content of contents ?? []) other.core.node.syncManager.handleNewContent(content, 'storage');
}

it('returns exactly what other tabs have written beyond the known state', async () => {
  const have = haveOf(other);
  expect(await here.loadNewer?.(have)).toEqual([]);
  await edited(there, map, 'b');
  await edited(there, map, 'c');
  const contents = await here.loadNewer?.(have);
  const sessions = contents?.flatMap((content) => Object.values(content.new));
  expect(sessions?.map(({ after, newTransactions }) => [after, newTransactions.length])).toEqual([[1, 2]]);
  take(contents);
  expect(other.core.knownState()).toEqual(map.core.knownState());
  expect(other.get('c')).toBe(1);
  expect(await here.loadNewer?.(haveOf(other))).toEqual([]);
});

it('reads no further than needed to reach the saved counts', async () => {
  for (let n = 0; n < 20; n++) await edited(there, map, `n${n}`);
  take(await here.loadNewer?.(haveOf(other)));
  await edited(there, map, 'last');
  const reads = vi.spyOn(IDBObjectStore.prototype, 'get');
  const contents = await here.loadNewer?.(haveOf(other), map.core.knownState().sessions);
  expect(reads).toHaveBeenCalledOnce();
  take(contents);
  expect(other.get('last')).toBe(1);
});

it('returns the first version if two tabs have written the same transactions', async () => {
  await edited(there, map, 'b');
  const [content] = map.core.newContentSince(haveOf(other).state) ?? [];
  if (content) await stored(here, content);
  await edited(there, map, 'c');
  take(await here.loadNewer?.(haveOf(other)));
  expect(other.core.knownState()).toEqual(map.core.knownState());
});
