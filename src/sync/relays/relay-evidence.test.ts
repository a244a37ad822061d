import { cojsonInternals, type PeerState, type RawCoMap, type SyncMessage } from 'cojson';
import { beforeEach, expect, test, vi } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { knownCountsOfState, type KnownCounts } from '../../engine/known-counts.ts';
import { createTestLadder } from '../../../test/support/sync/test-ladder.ts';
import { localCounts } from '../../engine/covalue-lookup.ts';
import { listen } from '../../engine/node-events.ts';
import { atRelay, needOf, noEdits } from '../delivery/pending-edits.ts';
import { createRelayEvidence } from './relay-evidence.ts';
import { until } from '../../../test/support/until.ts';

/** A node whose ladder has an unconfirmed edit of a CoValue that the relay already has. */
const denied = vi.fn();
const owe = vi.fn();
beforeEach(() => denied.mockClear());

async function withLeftOver(isSure = true, isBelieved = () => true) {
  const [relay, node] = [await createAgentNode(), await createAgentNode()];
  const map: RawCoMap = relay.createGroup().createMap();
  const { ladder } = createTestLadder({ canSave: false });
  ladder.useRelays(['relay']);
  const claims = {
    accepted: (_: string, state: KnownCounts) => state,
    checkAgain: () => {},
    mayHave: () => {},
  };
  const evidence = createRelayEvidence({
    node,
    ladder,
    relayID: 'relay',
    claims,
    isSure: () => isSure,
    isBelieved,
    denied,
    isLeftToOther: () => false,
    owe,
  });
  const received: SyncMessage[] = [];
  listen(node, {
    handled(message, peer) {
      received.push(message);
      evidence.handled(message, peer);
    },
  });
  const [toRelay, toClient] = cojsonInternals.connectedPeers('relay', 'client', {
    peer1role: 'server',
    peer2role: 'client',
  });
  relay.syncManager.addPeer(toClient);
  node.syncManager.addPeer(toRelay);
  ladder.edited(map.id, knownCountsOfState(map.core.knownState()));
  const of = (id: string) => received.filter((message) => 'id' in message && message.id === id);
  return { node, map, ladder, evidence, receivedOf: of };
}

test('[CONF-2] content that the relay sends unasked confirms nothing, and the relay is asked', async () => {
  const { node, map, ladder, evidence, receivedOf } = await withLeftOver();
  await node.load(map.id);
  expect(receivedOf(map.id).map(({ action }) => action)).toEqual(['content']);
  evidence.ask();
  evidence.settled();
  expect(ladder.pending.has(map.id)).toBe(true);
  evidence.ask();
  await until(() => expect(ladder.pending.has(map.id)).toBe(false));
  expect(receivedOf(map.id).map(({ action }) => action)).toEqual(['content', 'known']);
});

test('the relay is asked only about CoValues with pending edits, and only once', async () => {
  const { node, map, ladder, evidence, receivedOf } = await withLeftOver();
  evidence.settled();
  await node.load(map.id);
  expect(receivedOf(map.group.id).map(({ action }) => action)).toEqual(['content']);
  evidence.ask();
  evidence.ask();
  await until(() => expect(ladder.pending.has(map.id)).toBe(false));
  expect(receivedOf(map.id).map(({ action }) => action)).toEqual(['content', 'known']);
  expect(receivedOf(map.group.id).map(({ action }) => action)).toEqual(['content']);
});

test('the relay is not asked about content that this device has not taken', async () => {
  const { node, map, evidence } = await withLeftOver();
  evidence.settled();
  await node.load(map.id);
  evidence.lost();
  const peer = node.syncManager.peers['relay'] as PeerState;
  const ask = vi.spyOn(node.syncManager, 'trySendToPeer');
  const content = { action: 'content', id: map.id, priority: 3, new: {} } as const;
  const refused = { after: 0, newTransactions: [{}], lastSignature: '' };
  evidence.handled({ ...content, new: { co_zOther_session_zOther: refused } } as never, peer);
  evidence.ask();
  expect(ask).not.toHaveBeenCalled();
  evidence.handled(content, peer);
  evidence.ask();
  expect(ask).toHaveBeenCalledOnce();
});

test('known states from this connection remain valid when the relay turns out to have lost other content', async () => {
  const { node, map, ladder, evidence, receivedOf } = await withLeftOver(false);
  await node.load(map.id);
  evidence.settled();
  evidence.ask();
  await until(() => expect(receivedOf(map.id).map(({ action }) => action)).toEqual(['content', 'known']));
  evidence.recheckAll();
  expect(ladder.pending.has(map.id)).toBe(false);
});

test('[CONF-12] what a relay in doubt was found to have counts once it is believed', async () => {
  let isBelieved = false;
  const { map, ladder, evidence } = await withLeftOver(false, () => isBelieved);
  evidence.heard(map.id, knownCountsOfState(map.core.knownState()));
  expect(ladder.pending.has(map.id)).toBe(true);
  isBelieved = true;
  evidence.sure();
  expect(ladder.pending.has(map.id)).toBe(false);
});

test('content received on this connection is verified when the relay turns out to have lost other content', async () => {
  const { node, map, ladder, evidence, receivedOf } = await withLeftOver(false);
  evidence.settled();
  await node.load(map.id);
  ladder.confirmed(map.id, knownCountsOfState(map.core.knownState()), 'relay');
  evidence.ask();
  expect(receivedOf(map.id).map(({ action }) => action)).toEqual(['content']);
  evidence.recheckAll();
  expect(ladder.pending.has(map.id)).toBe(true);
  evidence.ask();
  await until(() => expect(ladder.pending.has(map.id)).toBe(false));
});

test('[CONF-12] a relay that lacks a settled edit of this session has lost data', async () => {
  const { node, ladder, evidence } = await withLeftOver();
  evidence.settled();
  const map = node.createGroup().createMap();
  map.set('a', 1);
  const [peer] = node.syncManager.getServerPeers(map.id);
  if (!peer) throw new Error('no relay');
  const lacking = { action: 'known', id: map.id, header: true, sessions: {} } as const;
  ladder.edited(map.id, knownCountsOfState(map.core.knownState()));
  evidence.handled(lacking, peer);
  expect(denied).not.toHaveBeenCalled();
  ladder.confirmed(map.id, knownCountsOfState(map.core.knownState()), 'relay');
  evidence.handled(lacking, peer);
  expect(denied).toHaveBeenCalledOnce();
});

test('[CONF-12] a relay that lacks a settled CoValue has lost data, whatever is pending of it', async () => {
  const { node, ladder, evidence } = await withLeftOver(false);
  evidence.settled();
  const map = node.createGroup().createMap();
  map.set('a', 1);
  const peer = node.syncManager.peers.relay;
  if (!peer) throw new Error('there is no relay');
  const counts = knownCountsOfState(map.core.knownState());
  const lacking = { action: 'known', id: map.id, header: false, sessions: {} } as const;
  ladder.edited(map.id, counts);
  evidence.handled(lacking, peer);
  expect(denied).not.toHaveBeenCalled();
  ladder.confirmed(map.id, counts, 'relay');
  map.set('a', 2);
  ladder.edited(map.id, { [node.currentSessionID]: 2 });
  evidence.handled(lacking, peer);
  expect(denied).toHaveBeenCalledOnce();
  // Another relay may have delivered it.
  ladder.useRelays(['relay', 'other']);
  evidence.handled(lacking, peer);
  expect(denied).toHaveBeenCalledOnce();
});

test('[CONF-3] a known state confirms the part of a session that it covers', async () => {
  const { node, ladder, evidence } = await withLeftOver();
  const map = node.createGroup().createMap();
  for (const value of [1, 2]) map.set('a', value);
  const { id } = map;
  const peer = node.syncManager.peers.relay;
  if (!peer) throw new Error('there is no relay');
  evidence.handled({ action: 'known', id, header: true, sessions: { [node.currentSessionID]: 1 } }, peer);
  expect(ladder.isPending(id, 'confirmed')).toBe(true);
  const { confirmed } = atRelay(ladder.pending.get(id) ?? noEdits, 'relay');
  expect(confirmed).toEqual({ header: 1, [node.currentSessionID]: 1 });
});

test('another tab’s report about the relay no longer counts when the relay turns out to have lost data', async () => {
  const { map, ladder, evidence } = await withLeftOver(false);
  evidence.settled();
  const state = knownCountsOfState(map.core.knownState());
  ladder.edited(map.id, { ...state, another_session_z1: 1 });
  ladder.confirmed(map.id, state, 'relay');
  evidence.recheckAll();
  ladder.confirmed(map.id, { another_session_z1: 1 }, 'relay');
  expect(ladder.isPending(map.id, 'confirmed')).toBe(true);
});

test('what a deletion has ended is not compared again', async () => {
  const { node, ladder, evidence } = await withLeftOver();
  const { core } = node.createGroup().createMap({ a: 1 });
  const counts = knownCountsOfState(core.knownState());
  core.deleteCoValue();
  const deletion = Object.keys(localCounts(node, core.id)).filter((session) => session !== 'header');
  evidence.recheck(core.id, { ...counts, ...localCounts(node, core.id) });
  expect(Object.keys(needOf(ladder.pending.get(core.id) ?? noEdits)).sort()).toEqual(
    ['header', ...deletion].sort(),
  );
  expect(deletion).toHaveLength(1);
});

test('a relay that lacks what it has confirmed denies it, although another relay has yet to confirm it', async () => {
  const node = await createAgentNode();
  const map = node.createGroup().createMap({ key: 1 });
  const { ladder } = createTestLadder({ canSave: false });
  ladder.useRelays(['relay', 'other']);
  const claims = {
    accepted: (_: string, state: KnownCounts) => state,
    checkAgain: () => {},
    mayHave: () => {},
  };
  const isTrue = () => true;
  const evidence = createRelayEvidence({
    node,
    ladder,
    relayID: 'relay',
    claims,
    isSure: isTrue,
    isBelieved: isTrue,
    denied,
    isLeftToOther: () => false,
    owe,
  });
  evidence.settled();
  const nothing = { action: 'known', id: map.id, header: false, sessions: {} } as const;
  const peer = { getKnownState: () => undefined } as unknown as PeerState;
  ladder.edited(map.id, localCounts(node, map.id));
  evidence.handled(nothing, peer);
  expect(denied).not.toHaveBeenCalled();
  ladder.confirmed(map.id, localCounts(node, map.id), 'relay');
  evidence.handled(nothing, peer);
  expect(denied).toHaveBeenCalledOnce();
});

test('[CONF-19] an acknowledgement that names only some sessions confirms these, and says nothing about the others', async () => {
  const { node, map, ladder, evidence } = await withLeftOver();
  await node.load(map.id);
  evidence.settled();
  // What the relay has sent on this connection counts as present.
  const peer = { ...node.syncManager.peers['relay'], getKnownState: () => undefined } as unknown as PeerState;
  const known = { action: 'known', id: map.id, header: true, sessions: { co_zA_session_z1: 1 } } as const;
  owe.mockClear();
  const missing = vi.spyOn(ladder, 'missing');
  const confirmed = vi.spyOn(ladder, 'confirmed');
  evidence.handled({ ...known, partial: true } as SyncMessage, peer);
  expect([missing.mock.calls, denied.mock.calls]).toEqual([[], []]);
  expect(confirmed.mock.calls).toEqual([[map.id, { header: 1, co_zA_session_z1: 1 }, 'relay']]);
  evidence.handled(known, peer);
  expect(missing.mock.calls.length).toBe(1);
});
