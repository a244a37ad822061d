import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { CojsonInternalTypes, LocalNode, RawCoMap, RawGroup, StorageAPI } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createPacer } from '../../base/pacer.ts';
import { createReadable, type Writable } from '../../base/readable.ts';
import type { StorageStatus } from '../../storage/device-storage.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createPendingWrites } from '../delivery/pending-writes.ts';
import { knownCountsOfContent, mergeCounts } from '../../engine/known-counts.ts';
import { memoryFigures } from '../../inspect/storage/memory-figures.ts';
import { listen } from '../../engine/node-events.ts';
import { noEdits, type PendingEdits } from '../delivery/pending-edits.ts';
import { unloadUnused, type Unloading } from './unloading.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;
const minuteMs = 60_000;

let clock: FakeClock;
let status: Writable<StorageStatus>;
let pending: Map<string, PendingEdits>;
let contents: Map<string, NewContent[]>;
/** Whether the storage writes what it receives. */
let writes: boolean;
let node: LocalNode;
let group: RawGroup;
let unloading: Unloading;
const figures = () => memoryFigures(node);

beforeEach(async () => {
  clock = createFakeClock();
  status = createReadable<StorageStatus>({ kind: 'kernel', state: 'ok' });
  pending = new Map();
  contents = new Map();
  writes = true;
  node = await createAccountNode();
  node.setStorage(createKeepingStorage());
  const pacer = createPacer({ nowMs: clock.nowMs, nextTask: () => Promise.resolve() });
  const pendingWrites = createPendingWrites();
  unloading = unloadUnused({ node, ladder: { pending }, pendingWrites, status, clock, pacer });
  listen(node, {
    storing: ({ id }) => pendingWrites.storing(id),
    stored: pendingWrites.stored,
  });
  group = node.createGroup();
});

function createKeepingStorage(): StorageAPI {
  return {
    ...createMemoryStorage(),
    store(content, _correct, done) {
      if (!writes) return;
      contents.set(content.id, [...(contents.get(content.id) ?? []), content]);
      done?.();
    },
    load(id, callback, done) {
      const found = contents.get(id) ?? [];
      for (const content of found) callback(content);
      done?.(found.length > 0);
    },
    loadKnownState(id, callback) {
      const found = contents.get(id);
      if (!found) return callback(undefined);
      const { header: _, ...sessions } = found.map(knownCountsOfContent).reduce(mergeCounts, {});
      callback({ id: id as RawCoMap['id'], header: true, sessions });
    },
  };
}

const written = () => new Promise((resolve) => setImmediate(resolve));
const isLoaded = (id: string) => [...node.allCoValues()].some((core) => core.id === id && core.isAvailable());

async function makeMap(values: Record<string, string> = { a: 'one' }): Promise<RawCoMap> {
  const map: RawCoMap = group.createMap();
  for (const [key, value] of Object.entries(values)) map.set(key, value, 'private');
  await written();
  return map;
}

/** Lets minutes pass, by default until everything unused is unloaded; CoValues are unloaded before their dependencies. */
async function pass(minutes = 7) {
  for (let minute = 0; minute < minutes; minute++) {
    clock.advance(minuteMs);
    await written();
  }
}

describe('a CoValue that was not looked up for five minutes', () => {
  it('is unloaded, and loading it returns the same content', async () => {
    const map = await makeMap({ a: 'one', b: 'two' });
    const before = figures();
    await pass(4);
    expect(isLoaded(map.id)).toBe(true);
    await pass(1);
    expect(isLoaded(map.id)).toBe(false);
    expect(figures()).toMatchObject({ loaded: before.loaded - 1, unloaded: before.unloaded + 1 });
    const again = await node.load(map.id);
    expect(again === 'unavailable' ? again : again.toJSON()).toEqual({ a: 'one', b: 'two' });
  });

  it('is kept for five minutes more by each lookup', async () => {
    const map = await makeMap();
    for (let times = 0; times < 5; times++) {
      await pass(4);
      node.getCoValue(map.id);
    }
    expect(isLoaded(map.id)).toBe(true);
  });

  it('goes before its dependencies', async () => {
    const map = await makeMap();
    map.subscribe(() => {});
    await pass(20);
    expect(isLoaded(group.id)).toBe(true);
    map.core.listeners.clear();
    await pass();
    expect([isLoaded(map.id), isLoaded(group.id)]).toEqual([false, false]);
  });
});

describe('what stays', () => {
  const stays = async (keep: (map: RawCoMap) => unknown) => {
    const map = await makeMap();
    await keep(map);
    await pass(20);
    expect(isLoaded(map.id)).toBe(true);
  };

  it('[CONN-11] has an edit that has not reached every rung', () =>
    stays(({ id }) => pending.set(id, noEdits)));
  it('is subscribed to', () => stays((map) => map.subscribe(() => {})));
  it('is on a device that cannot write', () => stays(() => status.set({ kind: 'kernel', state: 'failing' })));
  it('is in memory only', () => stays(() => status.set({ kind: 'memory', state: 'memory-only' })));
  it('was passed to the storage and is not written yet', () =>
    stays(async (map) => {
      writes = false;
      map.set('b', 'two', 'private');
      await written();
      contents.set(map.id, [...(map.core.newContentSince(undefined) ?? [])]); // cojson counts it as stored, but storage has not confirmed it.
    }));
  it('is not on the device', () => stays(({ id }) => contents.delete(id)));
  it('has more than the device', () =>
    stays(({ id }) => {
      const [first] = contents.get(id) ?? [];
      if (first) contents.set(id, [{ ...first, new: {} }]);
    }));
  it('is the account, or belongs to it', async () => {
    const account = node.expectCurrentAccount('test');
    const own = account.createMap();
    await written();
    await pass(20);
    for (const id of [account.id, own.id, account.get('profile')]) expect(isLoaded(String(id))).toBe(true);
  });
});

describe('an instance that an app holds permanently', () => {
  it('is the one that the node continues with', async () => {
    const held = await makeMap();
    await pass();
    expect(isLoaded(held.id)).toBe(false);
    expect(await node.load(held.id)).toBe(held);
    expect(isLoaded(group.id)).toBe(true);
  });

  it('can be edited without forking anything', async () => {
    const held = await makeMap();
    await pass();
    held.set('b', 'two', 'private');
    await written();
    expect(isLoaded(held.id)).toBe(true);
    held.set('c', 'three', 'private');
    await written();
    await pass();
    const again = await node.load(held.id);
    expect(again === 'unavailable' ? again : again.toJSON()).toEqual({ a: 'one', b: 'two', c: 'three' });
    const counts = (contents.get(held.id) ?? []).map(knownCountsOfContent).reduce(mergeCounts, {});
    expect(counts).toMatchObject({ [node.currentSessionID]: 3 });
  });

  it('remains the node’s instance when unloading ends', async () => {
    const held = await makeMap();
    await pass();
    unloading.end();
    expect(node.getCoValue(held.id)).toBe(held.core);
    expect(node.garbageCollector).toBeUndefined();
  });
});

it('leaves unloading to cojson’s garbage collector once the app enables it', async () => {
  const { id } = await makeMap();
  node.enableGarbageCollector();
  const { garbageCollector } = node;
  onTestFinished(() => garbageCollector?.stop());
  expect(garbageCollector).toHaveProperty('interval');
  await pass();
  expect(isLoaded(id)).toBe(true);
  unloading.end();
  expect(node.garbageCollector).toBe(garbageCollector);
});

it('frees what is unreferenced, and reads it again from the device', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const [id, reference] = await (async () => {
    const map = await makeMap();
    return [map.id, new WeakRef(map.core)] as const;
  })();
  await pass();
  await expect
    .poll(() => {
      collect();
      return reference.deref();
    })
    .toBeUndefined();
  const again = await node.load(id);
  expect(again === 'unavailable' ? again : again.toJSON()).toEqual({ a: 'one' });
});
