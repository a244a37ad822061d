import { cojsonInternals, type RawCoMap, type SyncMessage } from 'cojson';
import { expect, test, vi } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { coverageOfState, type Coverage } from '../engine/known-counts.ts';
import { createLadder } from './ladder.ts';
import { hookNode } from './node-hooks.ts';
import { atRelay, noEdits } from './pending-edits.ts';
import { createRelayEvidence } from './relay-evidence.ts';

const ignored = () => {};

/** A node with a relay that has a CoValue, of which this device left an edit unconfirmed. */
async function withLeftOver(isSure = true) {
  const [relay, node] = [await createAgentNode(), await createAgentNode()];
  const map: RawCoMap = relay.createGroup().createMap();
  const ladder = createLadder({
    clock: createFakeClock(),
    canSave: () => false,
    isComplete: () => true,
    onPending: ignored,
    onDone: ignored,
    onConfirmed: ignored,
    onChange: ignored,
  });
  ladder.useRelays(['relay']);
  const claims = { believed: (_: string, state: Coverage) => state };
  const evidence = createRelayEvidence({
    ...{ node, ladder, relayID: 'relay', claims },
    isSure: () => isSure,
    isLeftToOther: () => false,
  });
  const heard: SyncMessage[] = [];
  hookNode(node, {
    edited: ignored,
    storing: ignored,
    stored: ignored,
    handling: ignored,
    brought: ignored,
    refused: ignored,
    handled(message, peer) {
      heard.push(message);
      evidence.handled(message, peer);
    },
  });
  const [toRelay, toClient] = cojsonInternals.connectedPeers('relay', 'client', {
    peer1role: 'server',
    peer2role: 'client',
  });
  relay.syncManager.addPeer(toClient);
  node.syncManager.addPeer(toRelay);
  ladder.edited(map.id, coverageOfState(map.core.knownState()));
  const of = (id: string) => heard.filter((message) => 'id' in message && message.id === id);
  return { node, map, ladder, evidence, heardOf: of };
}

test('what the relay sent by itself confirms nothing, and it is asked', async () => {
  const { node, map, ladder, evidence, heardOf } = await withLeftOver();
  await node.load(map.id);
  expect(heardOf(map.id).map(({ action }) => action)).toEqual(['content']);
  evidence.ask();
  evidence.settled();
  expect(ladder.pending.has(map.id)).toBe(true);
  evidence.ask();
  await vi.waitFor(() => expect(ladder.pending.has(map.id)).toBe(false));
  expect(heardOf(map.id).map(({ action }) => action)).toEqual(['content', 'known']);
});

test('nobody is asked about what nothing is pending of, nor twice', async () => {
  const { node, map, ladder, evidence, heardOf } = await withLeftOver();
  evidence.settled();
  await node.load(map.id);
  expect(heardOf(map.group.id).map(({ action }) => action)).toEqual(['content']);
  evidence.ask();
  evidence.ask();
  await vi.waitFor(() => expect(ladder.pending.has(map.id)).toBe(false));
  expect(heardOf(map.id).map(({ action }) => action)).toEqual(['content', 'known']);
  expect(heardOf(map.group.id).map(({ action }) => action)).toEqual(['content']);
});

test('what the relay said on this connection stands when it turns out to have lost other things', async () => {
  const { node, map, ladder, evidence, heardOf } = await withLeftOver(false);
  await node.load(map.id);
  evidence.settled();
  evidence.ask();
  await vi.waitFor(() => expect(heardOf(map.id).map(({ action }) => action)).toEqual(['content', 'known']));
  evidence.doubtAll();
  expect(ladder.pending.has(map.id)).toBe(false);
});

test('what the relay sent on this connection is asked about when it turns out to have lost other things', async () => {
  const { node, map, ladder, evidence, heardOf } = await withLeftOver(false);
  evidence.settled();
  await node.load(map.id);
  ladder.confirmed(map.id, coverageOfState(map.core.knownState()), 'relay');
  evidence.ask();
  expect(heardOf(map.id).map(({ action }) => action)).toEqual(['content']);
  evidence.doubtAll();
  expect(ladder.pending.has(map.id)).toBe(true);
  evidence.ask();
  await vi.waitFor(() => expect(ladder.pending.has(map.id)).toBe(false));
});

test('of a session that the relay has a part of, that part is confirmed', async () => {
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

test('what another tab has told of the relay counts no more when it turns out to have lost data', async () => {
  const { map, ladder, evidence } = await withLeftOver(false);
  evidence.settled();
  const state = coverageOfState(map.core.knownState());
  ladder.edited(map.id, { ...state, another_session_z1: 1 });
  ladder.confirmed(map.id, state, 'relay');
  evidence.doubtAll();
  ladder.confirmed(map.id, { another_session_z1: 1 }, 'relay');
  expect(ladder.isPending(map.id, 'confirmed')).toBe(true);
});
