import { afterEach, expect, it, vi } from 'vitest';
import { createPart } from '../platform/part.ts';
import { silentLogger } from '../base/logger.ts';
import { createFakePage } from '../../test/support/platform/fake-page.ts';
import { createNodePlatform } from '../../test/support/platform/node-platform.ts';
import { createAgentNode, startStockRelay } from '../../test/support/sync/stock-relay.ts';
import { beginSync, foreignStorageStatus } from './begin-sync.ts';
import { comingCode } from './coming-code.ts';
import type { SyncState } from './sync-state.ts';
import { createComingRelay } from './coming-relay.ts';
import * as nodeRelay from './node-relay.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

/** A node that an app brings, whose relay's code comes as the test says. */
async function nodeWith(fetchPart: () => Promise<typeof nodeRelay>) {
  const relay = await startStockRelay();
  ends.push(() => relay.close());
  const node = await createAgentNode();
  const page = createFakePage();
  const platform = { ...createNodePlatform(), page };
  const openWebSocket = vi.spyOn(platform, 'openWebSocket');
  const part = createPart(fetchPart);
  const sync = beginSync({
    node,
    sync: { url: relay.url },
    storage: { status: foreignStorageStatus(node) },
    platform,
    logger: silentLogger,
    code: { ...comingCode, createRelay: (options) => createComingRelay(options, part.load) },
  });
  ends.push(() => sync.close());
  return { node, sync, relay, page, openWebSocket, map: node.createGroup().createMap() };
}

/** Fetched when the test says so. */
function awaited() {
  let come = () => {};
  const coming = new Promise<typeof nodeRelay>((resolve) => (come = () => resolve(nodeRelay)));
  return { fetchPart: () => coming, come: () => come() };
}

it('counts edits before its code is there, and gets them to the relay once it is', async () => {
  const { fetchPart, come } = awaited();
  const { sync, map, relay, openWebSocket } = await nodeWith(fetchPart);
  expect(sync.current).toMatchObject({
    status: 'connecting',
    confirmed: { pending: 2 },
    peers: [{ url: new URL(relay.url).href, transport: 'websocket', phase: 'connecting', attempt: 1 }],
  });
  const confirmed = sync.whenConfirmed(map);
  expect(openWebSocket).not.toHaveBeenCalled();
  come();
  await confirmed;
  expect(relay.node.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
  await until(() => expect(sync.current.status).toBe('confirmed'));
});

it('says why where its code cannot be fetched, and goes on when that works', async () => {
  const cause = new TypeError('Failed to fetch dynamically imported module');
  const fetchPart = vi.fn(() => Promise.resolve(nodeRelay)).mockRejectedValueOnce(cause);
  const { sync, map } = await nodeWith(fetchPart);
  // Its time is short: on a busy machine it is over before somebody looks.
  let waiting: SyncState | undefined;
  sync.subscribe((state) => {
    if (state.peers[0]?.phase === 'waiting') waiting ??= state;
  });
  await until(() => expect(waiting).toBeDefined());
  expect(waiting).toMatchObject({
    status: 'connecting',
    error: { code: 'KERNEL_NOT_LOADED', cause },
    confirmed: { pending: 2 },
  });
  sync.reconnect();
  await sync.whenConfirmed(map);
  expect(fetchPart).toHaveBeenCalledTimes(2);
});

it('fetches and dials nothing more while it is paused', async () => {
  const { fetchPart, come } = awaited();
  const { sync, map, openWebSocket } = await nodeWith(fetchPart);
  sync.pause();
  come();
  await fetchPart();
  await Promise.resolve();
  expect(sync.current.status).toBe('paused');
  expect(openWebSocket).not.toHaveBeenCalled();
  sync.resume();
  await sync.whenConfirmed(map);
});

it('dials nothing where it was closed before its code came', async () => {
  const { fetchPart, come } = awaited();
  const { sync, openWebSocket } = await nodeWith(fetchPart);
  const closed = sync.close();
  sync.pause(); // What is left to send is not waited for.
  await closed;
  come();
  await fetchPart();
  await Promise.resolve();
  expect(sync.current.status).toBe('off');
  expect(openWebSocket).not.toHaveBeenCalled();
});
