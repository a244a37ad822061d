import type { RawCoMap } from 'cojson';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { createRelay } from '../../relay/index.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';
import { describeCause } from '../shared/describe-cause.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';
import { until } from '../../../test/support/until.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let sync: SyncPeers;
let inspector: Inspector;
let map: RawCoMap;

beforeEach(async () => {
  const relay = await createRelay({ storage: 'memory:', port: 0 });
  ends.push(() => relay.close());
  const node = await createAgentNode();
  sync = startMemorySync(node, { url: `ws://127.0.0.1:${relay.port}/sync` });
  inspector = createInspector(sync);
  ends.push(
    () => sync.close(),
    () => inspector.close(),
  );
  map = node.createGroup().createMap();
  await sync.whenConfirmed(map);
});

test('offline: the edit waits, its reason names the injected faults, and it arrives when they end', async () => {
  inspector.controls.setFaults({ seed: 1, refuse: 1 });
  map.set('n', 1);
  await until(() => expect(sync.current.peers[0]?.phase).toBe('waiting'));
  const { unsynced, faults, overview } = inspector.snapshot();
  expect(unsynced.map(({ id, steps }) => [id, steps.confirmed])).toEqual([[map.id, 'pending']]);
  const { reason } = unsynced[0] ?? {};
  expect(reason).toMatchObject({ kind: 'not-connected', error: { byFaultPlan: true } });
  const [relay] = overview.relays;
  expect(relay?.error && describeCause(relay.error)).toBe('caused by injected faults');
  expect(faults?.done.refused).toBeGreaterThan(0);

  inspector.controls.setFaults(undefined);
  await sync.whenConfirmed(map, { timeoutMs: 5_000 });
  expect(inspector.snapshot().unsynced).toEqual([]);
});

test('a paused sync stays paused when faults begin and end', () => {
  sync.pause();
  inspector.controls.setFaults({ seed: 1, up: { duplicate: 1 } });
  inspector.controls.setFaults(undefined);
  expect(sync.current.peers[0]?.phase).toBe('paused');
});

test('nothing is lost under each kind of fault', async () => {
  const way = {
    duplicate: 0.1,
    delayMs: [0, 5],
    dropTail: { chance: 0.05, breaksAfterMs: [0, 20] },
  } as const;
  inspector.controls.setFaults({ seed: 4127, up: way, down: { delayMs: [0, 5] }, lifeMs: [50, 400] });
  for (let count = 0; count < 20; count++) {
    map.set(`n${count}`, count);
    sync.reconnect(); // Skip the back-off, which this test does not cover.
    await new Promise((done) => setImmediate(done));
  }
  await until(() => expect(inspector.snapshot().faults?.done.broken).toBeGreaterThan(0));
  inspector.controls.setFaults(undefined);
  await sync.whenConfirmed(undefined, { timeoutMs: 5_000 });
});
