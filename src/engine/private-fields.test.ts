import { cojsonInternals, StorageApiAsync, type LocalNode, type Peer, type RawCoID } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { firstContentOf } from '../../test/support/engine/first-content.ts';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { createOutgoing } from '../sync/connection/outgoing.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import type { Content } from './content.ts';
import {
  coValuesInMemory,
  coValuesOf,
  findCoValue,
  isWaitingForDependency,
  lastCheckedOf,
  openContentOf,
  openMapOf,
  outgoingOf,
  parentGroupsOf,
  readChecked,
  readIncomingDepth,
  readIsErrored,
  readLoads,
  readLocalWrites,
  readOutgoingDepths,
  readPeerCounts,
  readStoredCounts,
  readTrackedPeers,
  subscribedIDs,
} from './private-fields.ts';

// Contracts with cojson's private fields: after an upgrade of cojson, a failure here names the reading that has
// become `unknown`, or the patch that no longer takes effect.

let node: LocalNode;
beforeEach(async () => {
  node = await createAccountNode();
});

/** A relay whose socket is full, so that messages queue up. */
function stuckRelay(): Peer {
  const { channel: outgoing } = createOutgoing({
    channel: { bufferedBytes: 10_000_000, send: () => {}, close: () => {} },
    clock: createFakeClock(),
    limit: () => undefined,
    mayUpload: () => true,
    on: {
      sending: (message) => message,
      sent: () => {},
      drained: () => {},
      withheld: () => {},
      abandoned: () => {},
    },
  });
  return { id: 'relay', role: 'server', incoming: new cojsonInternals.ConnectedPeerChannel(), outgoing };
}

/** A relay that never answers. */
function silentRelay(): Peer {
  const outgoing = { push: () => {}, close: () => {}, onClose: () => {} };
  return { id: 'relay', role: 'server', incoming: new cojsonInternals.ConnectedPeerChannel(), outgoing };
}

function cojsonStorage(): StorageApiAsync {
  return new StorageApiAsync({} as ConstructorParameters<typeof StorageApiAsync>[0]);
}

describe('peers', () => {
  it('finds the outgoing channel of a peer', () => {
    const relay = stuckRelay();
    node.syncManager.addPeer(relay);
    const [peer] = Object.values(node.syncManager.peers);
    if (!peer) throw new Error('The peer was not added.');
    expect(outgoingOf(peer)).toBe(relay.outgoing);
    Reflect.set(peer, 'peer', { ...relay, outgoing: undefined });
    expect(outgoingOf(peer)).toBeUndefined();
  });

  it('lists what a peer has requested or sent', () => {
    const relay = silentRelay();
    node.syncManager.addPeer(relay);
    const peer = node.syncManager.peers['relay'];
    if (!peer) throw new Error('The peer was not added.');
    peer.setKnownState('co_zA', 'empty');
    expect([...(subscribedIDs(peer) ?? [])]).toContain('co_zA');
    Reflect.set(peer, '_knownStates', undefined);
    expect(subscribedIDs(peer)).toBeUndefined();
  });

  it('reads the depth of each outgoing queue', async () => {
    node.syncManager.addPeer(stuckRelay());
    const group = node.createGroup();
    for (let index = 0; index < 5; index++) group.createMap().set('name', 'x', 'private');
    await expect.poll(() => readOutgoingDepths(node, 'relay').medium).toBeGreaterThan(3);
    const { high, low } = readOutgoingDepths(node, 'relay');
    expect(high).toBeGreaterThan(0);
    expect(low).toBe(0);
  });

  it('reads the loads in flight and waiting', () => {
    const usual = cojsonInternals.CO_VALUE_LOADING_CONFIG.MAX_IN_FLIGHT_LOADS_PER_PEER;
    cojsonInternals.setMaxInFlightLoadsPerPeer(2);
    onTestFinished(() => cojsonInternals.setMaxInFlightLoadsPerPeer(usual));
    node.syncManager.addPeer(stuckRelay());
    // cojson also requests what is loaded already: the account, its profile and the profile's group.
    expect(readLoads(node, 'relay')).toEqual({ inFlight: 2, waiting: 1 });
    for (const id of ['co_zA', 'co_zB', 'co_zC'] as RawCoID[]) void node.loadCoValueCore(id);
    expect(readLoads(node, 'relay')).toEqual({ inFlight: 2, waiting: 4 });
    for (const other of [undefined, {}, { inFlightCount: -1, pendingCount: 'many' }]) {
      Reflect.set(node.syncManager.peers['relay'] ?? {}, 'loadQueue', other);
      expect(readLoads(node, 'relay')).toEqual({ inFlight: 'unknown', waiting: 'unknown' });
    }
  });

  it('reads how many received messages are not handled yet', () => {
    const relay = silentRelay();
    const incoming = relay.incoming as InstanceType<typeof cojsonInternals.ConnectedPeerChannel>;
    node.syncManager.addPeer(relay);
    expect(readIncomingDepth(node, 'relay')).toBe(0);

    const depths: unknown[] = [];
    const message = { action: 'done', id: 'co_zUnknown' as RawCoID } as const;
    node.syncManager.handleSyncMessage = () => {
      // Messages that arrive while one is being handled wait for their turn.
      if (depths.length === 0) for (let index = 0; index < 3; index++) incoming.push(message);
      depths.push(readIncomingDepth(node, 'relay'));
    };
    incoming.push(message);
    expect(depths).toEqual([3, 2, 1, 0]);
  });
});

describe('cojson’s tracker of unsynced CoValues', () => {
  const endOfTurn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

  it('lists the peers whose confirmation is awaited', async () => {
    const map = node.createGroup().createMap({ n: 1 });
    await endOfTurn();
    expect(readTrackedPeers(node, map.id)).toEqual(['any']);
    node.syncManager.addPeer({ ...stuckRelay(), persistent: true });
    map.set('n', 2);
    await endOfTurn();
    expect(readTrackedPeers(node, map.id)).toEqual(['any', 'relay']);
  });

  it('is unknown if it has another shape or no entry for the CoValue', async () => {
    const map = node.createGroup().createMap({ n: 1 });
    await endOfTurn();
    expect(readTrackedPeers(node, 'co_zMissing')).toBe('unknown');
    Reflect.set(node.syncManager.unsyncedTracker, 'unsynced', {});
    expect(readTrackedPeers(node, map.id)).toBe('unknown');
  });
});

describe('device storage', () => {
  it('reads the private write queue of cojson’s own storage', () => {
    const storage = cojsonStorage();
    node.setStorage(storage);
    expect(readLocalWrites(node)).toBe(0);
    const content = { action: 'content', id: 'co_z1' as RawCoID, priority: 3, new: {} } as const;
    storage.storeQueue.push(content, () => undefined);
    storage.storeQueue.push(content, () => undefined);
    expect(readLocalWrites(node)).toBe(2);
  });

  it('asks the kernel’s storage', () => {
    node.setStorage(Object.assign(cojsonStorage(), { queuedWrites: 7 }));
    expect(readLocalWrites(node)).toBe(7);
  });
});

describe('content with a missing dependency', () => {
  let content: Content;
  beforeEach(async () => {
    const author = await createAgentNode();
    content = firstContentOf(author.createGroup().createMap().core);
  });

  it('is recognized when cojson queues it', () => {
    expect(isWaitingForDependency(node, content)).toBe(false);
    node.syncManager.handleNewContent(content, 'import');
    expect(isWaitingForDependency(node, content)).toBe(true);
    expect(isWaitingForDependency(node, { ...content })).toBe(false);
  });

  it('is not recognized if cojson’s queue has another shape', () => {
    node.syncManager.handleNewContent(content, 'import');
    const core = node.getCoValue(content.id);
    for (const other of [undefined, {}, [], [undefined], [{}]]) {
      Reflect.set(core, 'newContentQueue', other);
      expect(isWaitingForDependency(node, content)).toBe(false);
    }
  });
});

describe('a CoValue', () => {
  it('lists the groups that a group extends now', () => {
    const [group, parent] = [node.createGroup(), node.createGroup()];
    expect(parentGroupsOf(group.core)).toEqual([]);
    group.extend(parent);
    expect(parentGroupsOf(group.core)).toEqual([parent.id]);
    group.revokeExtend(parent);
    expect(parentGroupsOf(group.core)).toEqual([]);
  });

  it('is found without creating it, and its content without opening it', () => {
    const missing = 'co_zMissing' as RawCoID;
    expect(findCoValue(node, missing)).toBeUndefined();
    expect(node.isCoValueInMemory(missing)).toBe(false);

    const map = node.createGroup().createMap();
    map.set('name', 'Tide log', 'private');
    expect(findCoValue(node, map.id)).toBe(map.core);
    expect(openMapOf(map.core)).toBe(map.core.getCurrentContent());
  });

  it('is in the node’s map of CoValues', () => {
    const { core } = node.createGroup();
    expect(coValuesOf(node)?.get(core.id)).toBe(core);
    const original = coValuesOf(node);
    Reflect.set(node, 'coValues', {});
    expect(coValuesOf(node)).toBeUndefined();
    Reflect.set(node, 'coValues', original); // Restore it: cojson has yet to notify listeners of the new group.
  });

  it('is listed while it is in memory, with the content that the app has opened', () => {
    const map = node.createGroup().createMap();
    expect([...coValuesInMemory(node)]).toContain(map.core);
    expect(openContentOf(map.core)).toBe(map.core.getCurrentContent());
    Reflect.set(map.core, '_cachedContent', undefined);
    expect(openContentOf(map.core)).toBeUndefined();
  });

  it('is errored at a peer whose content for it was rejected', () => {
    const { core } = node.createGroup();
    expect(readIsErrored(core, 'relay')).toBe(false);
    core.markErrored('relay', new Error('a false signature'));
    expect(readIsErrored(core, 'relay')).toBe(true);
    expect(readIsErrored(core, 'another')).toBe(false);
    Reflect.set(core, 'isErroredInPeer', undefined);
    expect(readIsErrored(core, 'relay')).toBe('unknown');
  });

  it('links the checked transactions of each session, starting at the last', () => {
    const map = node.createGroup().createMap();
    map.set('name', 'Tide log', 'private');
    map.set('name', 'Tide book', 'private');
    const last = readChecked(lastCheckedOf(map.core, node.currentSessionID));
    expect(last).toMatchObject({
      index: 1,
      isValid: true,
      refusal: undefined,
      changes: [{ op: 'set', key: 'name', value: 'Tide book' }],
    });
    const first = readChecked(last?.previous);
    expect(first).toMatchObject({ index: 0, changes: [{ value: 'Tide log' }] });
    expect(readChecked(first?.previous)).toBeUndefined();
    expect(lastCheckedOf(map.core, 'another')).toBeUndefined();
    Reflect.set(map.core, 'lastVerifiedTransactionBySessionID', undefined);
    expect(lastCheckedOf(map.core, node.currentSessionID)).toBe('unknown');
    expect(readChecked({ currentTxID: { txIndex: 'a' }, isValid: true })).toBeUndefined();
  });

  it('has transaction counts at each peer that mentioned it, and in storage', () => {
    const { id, core } = node.createGroup().createMap({ name: 'x' });
    expect(readPeerCounts(node, 'relay', id)).toBeUndefined();
    node.syncManager.addPeer(stuckRelay());
    const sessions = { [node.currentSessionID]: 4 };
    node.syncManager.peers['relay']?.setKnownState(id, { id, header: true, sessions });
    expect(readPeerCounts(node, 'relay', id)).toEqual(sessions);
    expect(readPeerCounts(node, 'relay', 'co_zNever')).toBeUndefined();
    expect(readStoredCounts(node, id)).toBe('unknown');
    const storage = cojsonStorage();
    storage.knownStates.setKnownState(id, core.knownState());
    Reflect.set(node, 'storage', storage);
    expect(readStoredCounts(node, id)).toEqual(core.knownState().sessions);
    Reflect.set(node, 'storage', undefined);
  });
});

describe('an unexpected shape of cojson', () => {
  it('makes every reading unknown', () => {
    const unknown = { high: 'unknown', medium: 'unknown', low: 'unknown' };
    node.syncManager.addPeer(silentRelay());
    expect(readOutgoingDepths(node, 'relay')).toEqual(unknown);
    expect(readOutgoingDepths(node, 'missing')).toEqual(unknown);
    expect(readLoads(node, 'missing')).toEqual({ inFlight: 'unknown', waiting: 'unknown' });
    expect(readLocalWrites(node)).toBe('unknown');
    Reflect.set(node.syncManager.peers['relay'] ?? {}, 'getKnownState', () => ({ counts: {} }));
    expect(readPeerCounts(node, 'relay', 'co_z1')).toBe('unknown');
    Reflect.deleteProperty(node.syncManager, 'messagesQueue');
    expect(readIncomingDepth(node, 'relay')).toBe('unknown');
    Reflect.set(node, 'coValues', {});
    expect([...coValuesInMemory(node)]).toEqual([]);
    expect(findCoValue(node, node.getCurrentAccountOrAgentID())).toBeUndefined();
  });
});
