import { cojsonInternals, type RawCoMap, type SyncMessage } from 'cojson';
import { expect, test, vi } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createAgentNode } from '../testing/stock-relay.ts';
import { coverageOfState } from './coverage.ts';
import { createLadder } from './ladder.ts';
import { hookNode } from './node-hooks.ts';
import { createRelayEvidence } from './relay-evidence.ts';

const ignored = () => {};

/** A node with a relay that has a CoValue, of which this device left an edit unconfirmed. */
async function withLeftOver() {
  const [relay, node] = [await createAgentNode(), await createAgentNode()];
  const map: RawCoMap = relay.createGroup().createMap();
  const ladder = createLadder({
    clock: createFakeClock(),
    canSave: () => false,
    onPending: ignored,
    onDone: ignored,
    onConfirmed: ignored,
    onChange: ignored,
  });
  ladder.useRelays(['relay']);
  const evidence = createRelayEvidence(node, ladder, 'relay', { believed: (_, state) => state });
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
