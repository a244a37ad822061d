import type { LocalNode, RawCoMap } from 'cojson';
import { afterEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createRelay, type Relay } from '../../relay/index.ts';
import { createSharedMap, loadMap, openRelay } from '../../../test/support/relay/test-relay.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { faultyTransport } from '../../transport/faulty-transport.ts';
import { httpTransport } from '../../transport/ordinary-transports.ts';
import type { Transport } from '../../transport/transport.ts';
import { foreignStorageStatus } from '../begin-sync.ts';
import { startSync } from '../start-sync.ts';
import type { SyncPeers } from '../sync-peers.ts';
import { until } from '../../../test/support/until.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

vi.setConfig({ testTimeout: 90_000 });

async function device(
  relay: Pick<Relay, 'url'>,
  transport: Transport,
): Promise<{ node: LocalNode; sync: SyncPeers }> {
  const node = await createAgentNode();
  const sync = startSync({
    node,
    sync: { url: `${relay.url}/sync`, transports: [transport] },
    storage: { status: foreignStorageStatus(node) },
    platform: createNodePlatform(),
    logger: silentLogger,
  });
  ends.push(() => sync.close());
  return { node, sync };
}

const phaseOf = ({ current }: SyncPeers) => current.peers[0]?.phase;
const confirmed = ({ current }: SyncPeers) =>
  current.confirmed.pending === 0 && current.status === 'confirmed';

/** Resolves when the state of one of them changes. */
function nextChange(...syncs: readonly SyncPeers[]): Promise<void> {
  return new Promise((resolve) => {
    let isBegun = false;
    const changed = () => {
      if (!isBegun) return;
      for (const stop of stops) stop();
      resolve();
    };
    const stops = syncs.map((sync) => sync.subscribe(changed));
    isBegun = true;
  });
}

test('edits on both sides converge over a hundred disconnections', async () => {
  const relay = await openRelay();
  ends.push(relay.close);
  let opened = 0;
  const counted: Transport = {
    ...httpTransport(),
    open(url, on) {
      return httpTransport().open(url, {
        ...on,
        opened() {
          opened++;
          on.opened();
        },
      });
    },
  };
  let faults: Transport | undefined = faultyTransport(counted, {
    seed: 20,
    lifeMs: [1, 60],
    up: { dropTail: { chance: 0.05, breaksAfterMs: [0, 20] } },
    down: { dropTail: { chance: 0.05, breaksAfterMs: [0, 20] } },
  });
  const transport: Transport = { name: 'http', open: (url, on) => (faults ?? counted).open(url, on) };
  const one = await device(relay, transport);
  const two = await device(relay, transport);
  const map = createSharedMap(one.node);
  const cut = faults;
  faults = undefined;
  for (const { sync } of [one, two]) sync.reconnect();
  await until(() => confirmed(one.sync) && phaseOf(two.sync) === 'connected');
  const theirs = await loadMap(two.node, map);
  faults = cut;
  const openedBefore = opened;
  for (const { sync } of [one, two]) {
    sync.pause();
    sync.resume();
    // The delay after a cut is not part of this test.
    sync.subscribe(() => phaseOf(sync) === 'waiting' && queueMicrotask(sync.reconnect));
  }
  let edits = 0;
  const edit = (copy: RawCoMap, side: string) => copy.set(`${side} ${edits % 50}`, edits++);
  while (opened - openedBefore < 100) {
    edit(map, 'one');
    edit(theirs, 'two');
    await nextChange(one.sync, two.sync);
  }
  faults = undefined;
  await until(() => confirmed(one.sync) && confirmed(two.sync));
  await until(() => JSON.stringify(sorted(map)) === JSON.stringify(sorted(theirs)));
  expect(Object.keys(map.toJSON())).toHaveLength(1 + Math.min(edits, 50));
});

function sorted(map: RawCoMap) {
  return Object.entries(map.toJSON()).sort(([a], [b]) => (a < b ? -1 : 1));
}

test('a restarted relay knows no earlier channel, and receives everything it missed', async () => {
  const storage = `pglite:${await createStorage()}`;
  const first = await openRelay({ storage });
  const { node, sync } = await device(first, httpTransport());
  const map = createSharedMap(node);
  await until(() => confirmed(sync));
  await first.close();
  map.set('word', 'meanwhile');
  const second = await createRelay({ storage, port: first.port });
  ends.push(second.close);
  sync.reconnect();
  await until(() => confirmed(sync));
  const other = await device(second, httpTransport());
  await until(() => phaseOf(other.sync) === 'connected');
  expect((await loadMap(other.node, map)).get('word')).toBe('meanwhile');
});

test('requests that reach a relay without the channel end it, and are not repeated without a delay', async () => {
  const relay = await openRelay();
  ends.push(relay.close);
  let opened = 0;
  // Two relays behind one address, without sticky sessions.
  const transport = httpTransport({
    fetch(input, init) {
      if (init?.method !== 'POST') opened++;
      const headers = new Headers(init?.headers);
      if (init?.method === 'POST') headers.set('maia-channel', 'AAAAAAAAAAAAAAAAAAAAAA');
      return fetch(input, { ...init, headers });
    },
  });
  const { sync } = await device(relay, transport);
  const errors = new Set<string>();
  const attempts: number[] = [];
  sync.subscribe(({ peers: [peer] }) => {
    if (peer?.phase !== 'waiting') return;
    attempts.push(peer.attempt);
    errors.add(`${peer.error.code} ${String((peer.error.details as { status?: number }).status)}`);
  });
  await until(() => attempts.includes(3));
  expect([...errors]).toEqual(['RELAY_UNREACHABLE 410']);
  expect(opened).toBeLessThanOrEqual(4);
});
