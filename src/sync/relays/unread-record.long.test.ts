import { afterEach, expect, it, vi } from 'vitest';
import { createSharedDevice } from '../../../test/support/sync/shared-device.ts';
import { createAgentNode, startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import type { RelayMemory } from '../../storage/remembered-relay.ts';
import { confirmationsOf } from '../confirmations.ts';
import { peerIDs } from '../connection/peer-ids.ts';
import { readRelayTargets } from '../relay-targets.ts';
import { startSync } from '../start-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it('owes nothing that a relay confirmed before the record of its losses could be read', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const relay = await startStockRelay();
  ends.push(() => relay.close());
  const [relayID = ''] = peerIDs(readRelayTargets({ url: relay.url }));
  const device = createSharedDevice();
  const { storage, memory } = device.openTab();
  await memory.write(relayID, { losses: 1, configuredMs: 1 });
  let canRead = () => {};
  const readable = new Promise<void>((resolve) => (canRead = resolve));
  const slow: RelayMemory = {
    ...memory,
    async read(id) {
      await readable;
      return memory.read(id);
    },
  };
  const node = await createAgentNode();
  node.setStorage(storage);
  const sync = startSync({
    ...{ node, storage, memory: slow, logger: silentLogger },
    sync: { url: relay.url },
    platform: createNodePlatform(),
  });
  ends.push(() => sync.close());
  const map = node.createGroup().createMap();
  map.set('a', 1);
  await until(() => expect(relay.node.getCoValue(map.id).isAvailable()).toBe(true));
  const heard = () => node.syncManager.peers[relayID]?.getKnownState(map.id)?.sessions;
  await until(() => expect(heard()).toEqual({ [node.currentSessionID]: 1 }));
  canRead();
  await sync.whenConfirmed();

  expect(await confirmationsOf(sync)?.leftByAll()).toEqual([]);
});
