import type { LocalNode } from 'cojson';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { giveFakeDevice, type FakeDevice } from '../../../test/support/storage/fake-device.ts';
import { createFakeSync, type FakeSync } from '../../../test/support/sync/fake-sync.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';
import type { StorageSizes } from '../snapshot/storage-facts.ts';

const startMs = 1_700_000_000_000;
let clock: FakeClock;
let node: LocalNode;
let sync: FakeSync;
let device: FakeDevice;
let inspector: Inspector;

beforeEach(async () => {
  clock = createFakeClock(startMs);
  node = await createAccountNode();
  device = giveFakeDevice(node);
  sync = createFakeSync(node, startMs);
  inspector = createInspector(sync, { clock });
});
afterEach(() => inspector.close());

const facts = () => inspector.snapshot().storage;
const full = () =>
  createKernelError('STORAGE_FULL', 'This device has no room left.', {
    cause: new DOMException('no room', 'QuotaExceededError'),
  });

describe('facts', () => {
  it('repeat the storage’s status, with unknown for the rest', () => {
    expect(facts()).toEqual({
      ...{ kind: 'kernel', state: 'ok', persisted: 'unknown', databases: ['maia-co_zFake'] },
      room: { usedBytes: 'unknown', quotaBytes: 'unknown', measuredAtMs: startMs },
      writes: { waiting: 'unknown', committed: 0, slowestMs: 'unknown', failed: 0 },
    });
    sync.setState({
      storage: { kind: 'kernel', state: 'ok', persisted: false, usedBytes: 10, quotaBytes: 100 },
    });
    expect(facts()).toMatchObject({ persisted: false, room: { usedBytes: 10, quotaBytes: 100 } });
  });

  it('are unknown for an unreadable storage', async () => {
    const own = createInspector(createFakeSync(await createAccountNode(), startMs), { clock });
    const { writes, databases, room } = own.snapshot().storage;
    own.close();
    expect(writes).toMatchObject({ committed: 'unknown', failed: 'unknown' });
    expect([databases, room.measuredAtMs]).toEqual([[], 'unknown']);
  });

  it('count write attempts, and keep the last failure with the name of its cause', () => {
    device.tried({ ms: 9 });
    device.tried({ ms: 4 });
    clock.advance(1_000);
    device.tried({ error: full() });
    device.failing = { count: 3, sinceMs: startMs, retryAtMs: startMs + 2_000 };
    expect(facts().writes).toEqual({
      ...{ waiting: 'unknown', committed: 2, slowestMs: 9, failed: 1 },
      lastFailure: {
        ...{ code: 'STORAGE_FULL', cause: 'QuotaExceededError', atMs: startMs + 1_000 },
        message: 'This device has no room left.',
      },
      failing: { count: 3, sinceMs: startMs, retryAtMs: startMs + 2_000 },
    });
  });

  it('stay the same object while nothing changes', () => {
    const before = facts();
    clock.advance(60_000);
    expect(facts()).toBe(before);
    device.tried({});
    expect(facts()).not.toBe(before);
  });

  it('do not change once the inspector is closed', () => {
    inspector.close();
    device.tried({});
    expect(facts().writes.committed).toBe(0);
  });
});

describe('counting by kind', () => {
  it('reads everything on the device and nothing else, and dates the result', async () => {
    const group = node.createGroup();
    const maps = [1, 2].map((n) => group.createMap({ n }, null, 'trusting'));
    const stream = group.createBinaryStream();
    stream.startBinaryStream({ mimeType: 'image/png' });
    stream.pushBinaryStreamChunk(new Uint8Array(20_000));
    device.keep(node, [group.id, stream.id, ...maps.map(({ id }) => id)]);
    device.broken.add('co_zBroken');
    device.keep(node, ['co_zBroken']);
    expect(facts().sizes).toBeUndefined();
    const sizes = await inspector.controls.measureStorage();
    const kinds = sizes.kinds.map(({ kind, coValues }) => `${coValues} ${kind}`);
    expect(kinds.toSorted()).toEqual(['1 Binary', '1 Group', '2 CoMap']);
    expect(sizes.kinds[0]?.kind).toBe('Binary');
    const bytesOf = (id: typeof group.id | typeof stream.id) =>
      JSON.stringify(node.getCoValue(id).newContentSince()).length - 2;
    expect(sizes.kinds[0]?.bytes).toBe(bytesOf(stream.id));
    expect(sizes).toMatchObject({
      ...{ state: 'done', of: 'device', startedAtMs: startMs, endedAtMs: startMs },
      ...{ done: 5, total: 5, unreadable: 1 },
    });
    expect(facts().sizes).toEqual(sizes);
    // The count also asked the browser how much room there is.
    expect(device.calls).toEqual(['look']);
  });

  it('reads a storage that the node got after its inspector', async () => {
    const other = await createAccountNode();
    const early = createInspector(createFakeSync(other, startMs), { clock });
    const group = other.createGroup();
    giveFakeDevice(other).keep(other, [group.id]);
    expect(await early.controls.measureStorage()).toMatchObject({ of: 'device', total: 1 });
    const lines: string[] = [];
    for await (const line of early.controls.exportContent('all')) lines.push(line);
    early.close();
    expect(lines[0]).toContain('"of":"device"');
  });

  it('never happens with a snapshot', () => {
    device.keep(node, [node.createGroup().id]);
    inspector.snapshot();
    expect(device.reads).toEqual([]);
  });

  it('reports progress, and stops on request', async () => {
    const maps = Array.from({ length: 60 }, (_, n) => node.createGroup().createMap({ n }));
    device.keep(
      node,
      maps.map(({ id }) => id),
    );
    const ending = new AbortController();
    let seen: StorageSizes | undefined;
    device.onRead = () => {
      if (device.reads.length !== 41) return;
      seen = facts().sizes;
      ending.abort();
    };
    const counting = inspector.controls.measureStorage();
    const same = inspector.controls.measureStorage({ signal: ending.signal });
    const sizes = await counting;
    expect(await same).toBe(sizes);
    expect(seen).toMatchObject({ state: 'counting', done: 40, total: 60 });
    expect(sizes.state).toBe('stopped');
    expect(sizes.done).toBe(40);
    expect(facts().sizes).toEqual(sizes);
  });

  it('fails with the reason if the device is unreadable', async () => {
    device.broken.add('all');
    const sizes = await inspector.controls.measureStorage();
    expect(sizes.state).toBe('failed');
    expect(sizes.problem).toContain('DataError');
  });

  it('counts loaded content if nothing is stored', async () => {
    const plain = await createAccountNode();
    const own = createInspector(createFakeSync(plain, startMs), { clock });
    const sizes = await own.controls.measureStorage();
    own.close();
    expect(sizes).toMatchObject({ state: 'done', of: 'memory' });
    expect(sizes.kinds.find(({ kind }) => kind === 'Account')?.coValues).toBe(1);
  });
});

it('asks the browser for persistence, and returns its answer', async () => {
  expect(await inspector.controls.keepStorage()).toBe('unknown');
  device.keeps = true;
  expect(await inspector.controls.keepStorage()).toBe(true);
  expect(device.calls).toEqual(['keep', 'keep']);
});
