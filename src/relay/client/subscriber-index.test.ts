import { cojsonInternals, type LocalNode, type RawCoID, type RawCoMap, type SyncMessage } from 'cojson';
import { expect, it } from 'vitest';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import { createRandom } from '../../base/seeded-random.ts';
import { createRelayNode } from '../../engine/create-node.ts';
import { createSubscriberIndex, type SubscriberIndex } from './subscriber-index.ts';

type Content = Extract<SyncMessage, { action: 'content' }>;

const unknownID = 'co_zGhost1111111111111111';

function addClient(subscribers: SubscriberIndex, id: string) {
  const [peer, client] = cojsonInternals.connectedPeers(id, 'relay', {
    peer1role: 'client',
    peer2role: 'server',
  });
  let count = 0;
  subscribers.addPeer(peer, (now) => (count = now));
  return { id, count: () => count, send: (message: SyncMessage) => client.outgoing.push(message) };
}

/** What cojson itself would find, by asking each client. */
function search({ syncManager }: LocalNode, id: RawCoID): string[] {
  return Object.values(syncManager.peers)
    .filter((peer) => peer.isCoValueSubscribedToPeer(id))
    .map((peer) => peer.id)
    .toSorted();
}

function withoutSignature(content: Content): Content {
  const sessions = Object.entries(content.new).map(([sessionID, session]) => [
    sessionID,
    { ...session, lastSignature: 'signature_z111111' as const },
  ]);
  return { ...content, new: Object.fromEntries(sessions) as Content['new'] };
}

const load = (id: RawCoID): SyncMessage => ({ action: 'load', id, header: false, sessions: {} });

/** The author's account, the group and the map, in the order in which they depend on each other. */
function contentsOf(map: RawCoMap): Content[] {
  const { node } = map.core;
  const account = node.getCoValue(node.expectCurrentAccountID('test'));
  return [account, map.group.core, map.core].flatMap((core) => core.newContentSince(undefined) ?? []);
}

it.each([1, 2, 3])(
  'finds the same subscribers as cojson at each message, whatever clients do (seed %i)',
  async (seed) => {
    const random = createRandom(seed);
    const below = (count: number) => Math.floor(random() * count);
    const writer = await createClientNode();
    const group = writer.createGroup();
    const maps = Array.from({ length: 6 }, () => group.createMap({ word: 'first' }));
    const accountID = writer.expectCurrentAccountID('test');
    const ids: RawCoID[] = [...maps.map(({ id }) => id), group.id, accountID, unknownID];
    const node = createRelayNode(crypto);
    const subscribers = createSubscriberIndex(node);
    const { syncManager } = node;
    const indexed = syncManager.getPeers;
    let found = 0;
    syncManager.getPeers = (id) => {
      const peers = indexed.call(syncManager, id);
      expect(peers.map((peer) => peer.id).toSorted()).toEqual(search(node, id));
      found += peers.length;
      return peers;
    };
    const clients: ReturnType<typeof addClient>[] = [];
    let opened = 0;
    const open = () => void clients.push(addClient(subscribers, `client-${++opened}`));
    for (let count = 0; count < 8; count++) open();

    for (let step = 0; step < 400; step++) {
      const client = clients[below(clients.length)];
      const map = maps[below(maps.length)];
      const id = ids[below(ids.length)];
      if (!client || !map || !id) throw new Error('There is always a client and a CoValue.');
      const act = below(20);
      if (act === 0) open();
      else if (act === 1 && clients.length > 3) {
        clients.splice(clients.indexOf(client), 1);
        syncManager.peers[client.id]?.gracefulShutdown();
      } else if (act === 2 && step > 200) map.core.deleteCoValue();
      else if (act < 8) client.send(load(id));
      else if (act === 8) client.send({ action: 'known', id, header: true, sessions: {} });
      else {
        if (!map.core.isDeleted) map.set('word', step, 'trusting');
        const contents = contentsOf(map);
        for (const content of contents) client.send(act === 9 ? withoutSignature(content) : content);
      }
      if (step % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }

    expect(found).toBeGreaterThan(100);
    for (const id of ids)
      expect(
        subscribers
          .of(id)
          .map((peer) => peer.id)
          .toSorted(),
      ).toEqual(search(node, id));
    for (const client of clients) {
      expect(client.count()).toBe(ids.filter((id) => search(node, id).includes(client.id)).length);
      syncManager.peers[client.id]?.gracefulShutdown();
    }
    expect([...subscribers.ids()]).toEqual([]);
  },
);

it('does not add a client again if it closed while its load was being answered', async () => {
  const writer = await createClientNode();
  const map = writer.createGroup().createMap({ word: 'first' });
  const node = createRelayNode(crypto);
  const subscribers = createSubscriberIndex(node);
  addClient(subscribers, 'client').send(load(map.id));
  const peer = node.syncManager.peers['client'];
  peer?.gracefulShutdown();
  peer?.combineOptimisticWith(map.id, map.core.knownState());
  expect(subscribers.has(map.id)).toBe(false);
});

it('[RELAY-28] queries no client that does not follow the CoValue', async () => {
  const writer = await createClientNode();
  const map = writer.createGroup().createMap({ word: 'first' });
  const node = createRelayNode(crypto);
  const subscribers = createSubscriberIndex(node);
  const asked: string[] = [];
  for (let index = 0; index < 50; index++) {
    addClient(subscribers, `idle-${index}`);
    const peer = node.syncManager.peers[`idle-${index}`];
    if (!peer) throw new Error('The client was not added.');
    const isSubscribed = peer.isCoValueSubscribedToPeer.bind(peer);
    peer.isCoValueSubscribedToPeer = (id) => {
      asked.push(peer.id);
      return isSubscribed(id);
    };
  }
  const author = addClient(subscribers, 'author');
  for (const content of contentsOf(map)) author.send(content);
  await new Promise((resolve) => setImmediate(resolve));
  expect(node.getCoValue(map.id).isAvailable()).toBe(true);
  expect(asked).toEqual([]);
});
