import { cojsonInternals, type LocalNode, type RawCoMap } from 'cojson';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgentNode, startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let node: LocalNode;
let map: RawCoMap;
beforeEach(async () => {
  node = await createAgentNode();
});

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const tracked = () => node.syncManager.unsyncedTracker.getAll();

async function edit(times: number): Promise<void> {
  map = node.createGroup().createMap();
  for (let count = 0; count < times; count++) {
    map.set('count', count, 'private');
    await nextTurn();
  }
}

/** The number of listeners to the map in cojson's sync state. */
function listenerCount(): number {
  const byID = Reflect.get(node.syncManager.syncState, 'listenersByCoValues') as ReadonlyMap<
    string,
    ReadonlySet<unknown>
  >;
  return byID.get(map.id)?.size ?? 0;
}

describe('stock cojson', () => {
  const relayAs = (relay: LocalNode, id: string, persistent: boolean) => {
    const [client, server] = cojsonInternals.connectedPeers('client', id, {
      peer1role: 'client',
      peer2role: 'server',
      persistent,
    });
    node.syncManager.addPeer(server);
    relay.syncManager.addPeer(client);
  };

  it('adds a listener for each edit without a peer', async () => {
    await edit(200);
    expect(listenerCount()).toBe(200);
  });

  it('reports a CoValue that a relay has as unsynced forever', async () => {
    await edit(1);
    const relay = await createAgentNode();
    relayAs(relay, 'relay', false);
    await node.syncManager.waitForAllCoValuesSync();
    expect(relay.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
    expect(tracked()).toContain(map.id);
  });

  it('forgets a CoValue that its relay has lost', async () => {
    relayAs(await createAgentNode(), 'relay', true);
    await edit(1);
    await node.syncManager.waitForAllCoValuesSync();
    const restored = await createAgentNode();
    relayAs(restored, 'relay', true);
    await nextTurn();
    expect(restored.getCoValue(map.id).isAvailable()).toBe(false);
    expect(tracked()).toEqual([]);
  });
});

describe('a node with our sync', () => {
  const begin = (url?: string) => {
    const sync = startMemorySync(node, url === undefined ? false : { url });
    ends.push(() => sync.close());
    return sync;
  };

  it('has no additional listener after 200 edits without a peer', async () => {
    begin();
    await edit(200);
    expect(listenerCount()).toBe(0);
    expect(tracked()).toContain(map.id);
  });

  it('reports a CoValue as unsynced until the relay has it, and again when the relay loses it', async () => {
    const first = await startStockRelay();
    const sync = begin(first.url);
    sync.pause();
    await edit(1);
    expect(tracked()).toContain(map.id);
    sync.resume();
    await until(() => expect(tracked()).toEqual([]));
    expect(first.node.getCoValue(map.id).knownState()).toEqual(map.core.knownState());

    await first.close();
    const seen: string[][] = [];
    ends.push(node.syncManager.unsyncedTracker.subscribe(() => seen.push(tracked())));
    const second = await startStockRelay({ port: first.port });
    ends.push(() => second.close());
    sync.reconnect();
    await until(() => expect(second.node.getCoValue(map.id).knownState()).toEqual(map.core.knownState()));
    await until(() => expect(tracked()).toEqual([]));
    expect(seen.flat()).toContain(map.id);
  });

  it('restores cojson’s own behaviour when it ends', async () => {
    await begin().close();
    await edit(2);
    expect(listenerCount()).toBe(2);
  });
});
