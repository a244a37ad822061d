import {
  cojsonInternals,
  StorageApiAsync,
  type LocalNode,
  type Peer,
  type RawCoMap,
  type RawCoID,
} from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createOutgoing } from '../sync/outgoing.ts';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { labelCoValue } from '../inspect/shared/covalue-label.ts';
import {
  coValuesInMemory,
  findCoValue,
  lastCheckedOf,
  openContentOf,
  openMapOf,
  outgoingOf,
  readChecked,
  readIncomingDepth,
  readLoads,
  readLocalWrites,
  readOutgoingDepths,
  readTrackedFor,
  readsAsSkipped,
  readStoredState,
  readToldState,
} from './private-fields.ts';

// Contracts with what cojson keeps to itself: after an update of cojson, these say which reading has become `unknown`.

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
    on: { sent: () => {}, drained: () => {}, withheld: () => {}, abandoned: () => {} },
  });
  return { id: 'relay', role: 'server', incoming: new cojsonInternals.ConnectedPeerChannel(), outgoing };
}

describe('a node with a relay', () => {
  it('sends by the channel of the peer that it was given', () => {
    const relay = stuckRelay();
    node.syncManager.addPeer(relay);
    const [peer] = Object.values(node.syncManager.peers);
    if (!peer) throw new Error('added above');
    expect(outgoingOf(peer)).toBe(relay.outgoing);
    Reflect.set(peer, 'peer', { ...relay, outgoing: undefined });
    expect(outgoingOf(peer)).toBeUndefined();
  });

  it('tells the depth of each outgoing queue', async () => {
    node.syncManager.addPeer(stuckRelay());
    const group = node.createGroup();
    for (let index = 0; index < 5; index++) group.createMap().set('name', 'x', 'private');
    await expect.poll(() => readOutgoingDepths(node, 'relay').medium).toBeGreaterThan(3);
    const { high, low } = readOutgoingDepths(node, 'relay');
    expect(high).toBeGreaterThan(0);
    expect(low).toBe(0);
  });

  it('tells loads in flight and waiting', () => {
    const usual = cojsonInternals.CO_VALUE_LOADING_CONFIG.MAX_IN_FLIGHT_LOADS_PER_PEER;
    cojsonInternals.setMaxInFlightLoadsPerPeer(2);
    onTestFinished(() => cojsonInternals.setMaxInFlightLoadsPerPeer(usual));
    node.syncManager.addPeer(stuckRelay());
    // Of what is loaded already, the account with its profile and the profile's group, a new peer is asked as well.
    expect(readLoads(node, 'relay')).toEqual({ inFlight: 2, waiting: 1 });
    for (const id of ['co_zA', 'co_zB', 'co_zC'] as RawCoID[]) void node.loadCoValueCore(id);
    expect(readLoads(node, 'relay')).toEqual({ inFlight: 2, waiting: 4 });
  });

  it('tells what has arrived and is not handled yet', () => {
    const incoming = new cojsonInternals.ConnectedPeerChannel();
    const outgoing = { push: () => {}, close: () => {}, onClose: () => {} };
    node.syncManager.addPeer({ id: 'relay', incoming, outgoing, role: 'server' });
    expect(readIncomingDepth(node, 'relay')).toBe(0);

    const depths: unknown[] = [];
    const message = { action: 'done', id: 'co_zUnknown' as RawCoID } as const;
    node.syncManager.handleSyncMessage = () => {
      // What arrives while one message is handled waits for its turn.
      if (depths.length === 0) for (let index = 0; index < 3; index++) incoming.push(message);
      depths.push(readIncomingDepth(node, 'relay'));
    };
    incoming.push(message);
    expect(depths).toEqual([3, 2, 1, 0]);
  });
});

describe('cojson’s tracker of the unsynced', () => {
  const endOfTurn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

  it('tells the peers that it waits for', async () => {
    const map = node.createGroup().createMap({ n: 1 });
    await endOfTurn();
    expect(readTrackedFor(node, map.id)).toEqual(['any']);
    node.syncManager.addPeer({ ...stuckRelay(), persistent: true });
    map.set('n', 2);
    await endOfTurn();
    expect(readTrackedFor(node, map.id)).toEqual(['any', 'relay']);
  });

  it('is unknown where it is another one, or has nothing of the CoValue', async () => {
    const map = node.createGroup().createMap({ n: 1 });
    await endOfTurn();
    expect(readTrackedFor(node, 'co_zMissing')).toBe('unknown');
    Reflect.set(node.syncManager.unsyncedTracker, 'unsynced', {});
    expect(readTrackedFor(node, map.id)).toBe('unknown');
  });
});

describe('this device’s storage', () => {
  it('is looked into where it is cojson’s own', () => {
    const storage = new StorageApiAsync({} as ConstructorParameters<typeof StorageApiAsync>[0]);
    node.setStorage(storage);
    expect(readLocalWrites(node)).toBe(0);
    const content = { action: 'content', id: 'co_z1' as RawCoID, priority: 3, new: {} } as const;
    storage.storeQueue.push(content, () => undefined);
    storage.storeQueue.push(content, () => undefined);
    expect(readLocalWrites(node)).toBe(2);
  });

  it('is asked where it is the kernel’s', () => {
    const storage = new StorageApiAsync({} as ConstructorParameters<typeof StorageApiAsync>[0]);
    node.setStorage(Object.assign(storage, { queuedWrites: 7 }));
    expect(readLocalWrites(node)).toBe(7);
  });
});

describe('a CoValue', () => {
  it('is found without being made, and its open content without being opened', () => {
    const missing = 'co_zMissing' as RawCoID;
    expect(findCoValue(node, missing)).toBeUndefined();
    expect(node.isCoValueInMemory(missing)).toBe(false);

    const map = node.createGroup().createMap();
    map.set('name', 'Tide log', 'private');
    const coValue = findCoValue(node, map.id);
    expect(coValue).toBe(map.core);
    if (!coValue) throw new Error('found above');
    expect(openMapOf(coValue)).toBe(map.core.getCurrentContent());
  });

  it('has a kind, and a name where it has one of its own', () => {
    const group = node.createGroup();
    const named = group.createMap();
    named.set('title', '  Crew list ', 'private');
    expect(labelCoValue(node, named.id)).toEqual({ kind: 'CoMap', name: 'Crew list' });
    expect(labelCoValue(node, group.createMap().id)).toEqual({ kind: 'CoMap' });
    expect(labelCoValue(node, group.createList().id)).toEqual({ kind: 'CoList' });
    expect(labelCoValue(node, group.createStream().id)).toEqual({ kind: 'CoStream' });
    expect(labelCoValue(node, group.createBinaryStream().id)).toEqual({ kind: 'Binary' });
    expect(labelCoValue(node, group.createPlainText('a').id)).toEqual({ kind: 'Text' });
    expect(labelCoValue(node, group.id)).toEqual({ kind: 'Group' });
    expect(labelCoValue(node, node.getCurrentAgent().id)).toEqual({ kind: 'Account' });
    expect(labelCoValue(node, 'co_zMissing')).toEqual({ kind: 'unknown' });
  });

  it('is skipped at a peer that sent something of it which cannot be read', () => {
    const { core } = node.createGroup();
    expect(readsAsSkipped(core, 'relay')).toBe(false);
    core.markErrored('relay', new Error('a signature that does not hold'));
    expect(readsAsSkipped(core, 'relay')).toBe(true);
    expect(readsAsSkipped(core, 'another')).toBe(false);
    Reflect.set(core, 'isErroredInPeer', undefined);
    expect(readsAsSkipped(core, 'relay')).toBe('unknown');
  });

  it('is among those in memory, and its content is what the app has open', () => {
    const map = node.createGroup().createMap();
    expect([...coValuesInMemory(node)]).toContain(map.core);
    expect(openContentOf(map.core)).toBe(map.core.getCurrentContent());
    Reflect.set(map.core, '_cachedContent', undefined);
    expect(openContentOf(map.core)).toBeUndefined();
  });

  it('has a chain of what cojson has found out of each session, from its last transaction', () => {
    const map = node.createGroup().createMap();
    map.set('name', 'Tide log', 'private');
    map.set('name', 'Tide book', 'private');
    const last = readChecked(lastCheckedOf(map.core, node.currentSessionID));
    expect(last).toMatchObject({
      ...{ index: 1, isValid: true, refusal: undefined },
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

  it('is counted by session at each peer that has told of it, and in storage', () => {
    const { id, core } = node.createGroup().createMap({ name: 'x' });
    expect(readToldState(node, 'relay', id)).toBeUndefined();
    node.syncManager.addPeer(stuckRelay());
    node.syncManager.peers['relay']?.setKnownState(id, {
      id,
      header: true,
      sessions: { [node.currentSessionID]: 4 },
    });
    expect(readToldState(node, 'relay', id)).toEqual({ [node.currentSessionID]: 4 });
    expect(readToldState(node, 'relay', 'co_zNever')).toBeUndefined();
    expect(readStoredState(node, id)).toBe('unknown');
    const storage = new StorageApiAsync({} as ConstructorParameters<typeof StorageApiAsync>[0]);
    storage.knownStates.setKnownState(id, core.knownState());
    Reflect.set(node, 'storage', storage);
    expect(readStoredState(node, id)).toEqual(core.knownState().sessions);
    Reflect.set(node, 'storage', undefined);
  });

  it('shows nothing of a map that belongs to the account itself, where the kernel keeps its secrets', () => {
    const account = node.expectCurrentAccount('test');
    const kernelMap: RawCoMap = account.createMap();
    kernelMap.set('name', 'a removal secret', 'private');
    expect(labelCoValue(node, kernelMap.id)).toEqual({ kind: 'CoMap' });
  });
});

describe('a cojson of another shape', () => {
  it('gives unknown, and neither throws nor guesses', () => {
    const channel = { push: () => {}, close: () => {}, onClose: () => {} };
    const incoming = new cojsonInternals.ConnectedPeerChannel();
    node.syncManager.addPeer({ id: 'relay', incoming, outgoing: channel, role: 'server' });
    expect(readOutgoingDepths(node, 'relay')).toEqual({ high: 'unknown', medium: 'unknown', low: 'unknown' });
    expect(readOutgoingDepths(node, 'nobody')).toEqual({
      high: 'unknown',
      medium: 'unknown',
      low: 'unknown',
    });
    expect(readLoads(node, 'nobody')).toEqual({ inFlight: 'unknown', waiting: 'unknown' });
    expect(readLocalWrites(node)).toBe('unknown');
    Reflect.set(node.syncManager.peers['relay'] ?? {}, 'getKnownState', () => ({ counts: {} }));
    expect(readToldState(node, 'relay', 'co_z1')).toBe('unknown');
    Reflect.deleteProperty(node.syncManager, 'messagesQueue');
    expect(readIncomingDepth(node, 'relay')).toBe('unknown');
    Reflect.set(node, 'coValues', {});
    expect([...coValuesInMemory(node)]).toEqual([]);
    expect(findCoValue(node, node.getCurrentAccountOrAgentID())).toBeUndefined();
    expect(labelCoValue(node, node.getCurrentAccountOrAgentID())).toEqual({ kind: 'unknown' });
  });
});
