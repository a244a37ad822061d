import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalNode, RawCoMap } from 'cojson';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createAgentNode, startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRelay } from '../../relay/index.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';
import type { LagByPriority } from '../snapshot/lag-facts.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** The URL of the kernel's own relay, which stores what it confirms. */
let relayURL: string;
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'maia-lag-'));
  const relay = await createRelay({ storage: `pglite:${directory}`, port: 0, logger: silentLogger });
  relayURL = `ws://127.0.0.1:${relay.port}/sync`;
  return async () => {
    await relay.close();
    await rm(directory, { recursive: true });
  };
}, 60_000); // Includes the start of the relay's database.

async function inspectedDevice(
  ...urls: readonly string[]
): Promise<{ node: LocalNode; sync: SyncPeers; inspector: Inspector; map: RawCoMap }> {
  const node = await createAgentNode();
  const sync = startMemorySync(node, { relays: urls.map((url) => ({ url })) });
  const map = node.createGroup().createMap();
  await sync.whenConfirmed();
  // Created only now, so that the edits above are not sampled.
  const inspector = createInspector(sync);
  ends.push(
    () => sync.close(),
    () => inspector.close(),
  );
  return { node, sync, inspector, map };
}

const shortest = (inspector: Inspector) => inspector.snapshot().lag.windows[0];
const worst = (lag: LagByPriority | undefined) => lag?.all?.worstMs ?? NaN;
const count = (lag: LagByPriority | undefined) => lag?.all?.count ?? 0;

test('each edit is one sample of its priority, as long as it took, and durable where the relay keeps it', async () => {
  const { node, sync, inspector, map } = await inspectedDevice(relayURL);
  const beganMs = Date.now();
  for (let edit = 0; edit < 20; edit++) map.set('n', edit);
  map.group.addMember('everyone', 'reader');
  const picture = map.group.createBinaryStream();
  await sync.whenConfirmed();
  const elapsedMs = Date.now() - beganMs;

  // A snapshot adds up only as many steps as its time allows. The stream's is the last.
  await until(() => expect(shortest(inspector)?.all.confirmed.low?.count).toBe(1));
  const all = shortest(inspector)?.all;
  const groupEdits = all?.confirmed.high?.count ?? 0;
  expect(groupEdits).toBeGreaterThan(0);
  expect(all?.confirmed.medium?.count).toBe(20);
  expect(all?.confirmed.low?.count).toBe(1); // The header of the stream.
  expect(node.getCoValue(picture.id).isAvailable()).toBe(true);
  expect([all?.sent, all?.confirmed, all?.durable].map(count)).toEqual(Array(3).fill(groupEdits + 21));
  expect(all?.durable).toEqual(all?.confirmed);
  expect(all?.saved).toEqual({}); // This node has no storage.
  const { p50Ms = NaN, p95Ms = NaN, p99Ms = NaN, worstMs = NaN } = all?.confirmed.all ?? {};
  expect([p50Ms, p95Ms, p99Ms, worstMs]).toEqual([p50Ms, p95Ms, p99Ms, worstMs].sort((a, b) => a - b));
  expect(worstMs).toBeLessThanOrEqual(elapsedMs);
  expect(worst(all?.sent)).toBeLessThanOrEqual(worstMs);
  expect(inspector.snapshot().lag.oldest).toEqual({});
});

test('an edit under a delay takes longer to be confirmed than one before', async () => {
  const { sync, inspector, map } = await inspectedDevice(relayURL);
  map.set('n', 1);
  await sync.whenConfirmed();
  const before = shortest(inspector)?.all;
  expect(count(before?.confirmed)).toBe(1);

  const delayMs = 4 * worst(before?.confirmed) + 100;
  inspector.controls.setFaults({ seed: 1, up: { delayMs: [delayMs, delayMs] } });
  await sync.whenConfirmed();
  map.set('n', 2);
  expect(inspector.snapshot().lag.oldest).toMatchObject({
    confirmed: { id: map.id },
    durable: { id: map.id },
  });
  await sync.whenConfirmed();
  const after = shortest(inspector)?.all;
  expect(count(after?.confirmed)).toBe(2);
  expect(worst(after?.confirmed)).toBeGreaterThanOrEqual(delayMs);
});

test('of two relays the slower one is the time of both, and durable is what each promises', async () => {
  const stock = await startStockRelay();
  ends.push(() => stock.close());
  const { sync, inspector, map } = await inspectedDevice(relayURL, stock.url);
  map.set('n', 1);
  const { oldest } = inspector.snapshot().lag;
  expect(oldest.confirmed?.id).toBe(map.id);
  expect(oldest).not.toHaveProperty('durable');
  await sync.whenConfirmed();
  const window = shortest(inspector);
  const [first, second] = window?.relays ?? [];
  expect([first, second].map((relay) => relay?.host)).toEqual(
    [relayURL, stock.url].map((url) => new URL(url).host),
  );
  expect(worst(window?.all.confirmed)).toBe(Math.max(worst(first?.confirmed), worst(second?.confirmed)));
  expect([window?.all, first, second].map((place) => count(place?.durable))).toEqual([0, 1, 0]);
});
