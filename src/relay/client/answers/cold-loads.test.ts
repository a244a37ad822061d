import { cojsonInternals, type SyncMessage } from 'cojson';
import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/support/until.ts';
import { crypto } from '../../../../test/support/relay/stock-client.ts';
import { silentLogger } from '../../../base/logger.ts';
import type { Content, CoValueHeader, KnownState, RawCoID, SessionID } from '../../../engine/content.ts';
import { getOrCreateCoValue } from '../../../engine/covalue-lookup.ts';
import { createRelayNode } from '../../../engine/create-node.ts';
import type { StoredContent } from '../../storage/content-loader.ts';
import { createColdLoads } from './cold-loads.ts';

const idOf = (index: number): RawCoID => `co_zValue${index}`;
const load = (id: RawCoID) => ({ action: 'load', id, header: false, sessions: {} }) as const;

/**
 * A client whose loads are answered from what `read` returns. Once `fullAt` reads have begun, it reads nothing until `makeRoom`
 * is called.
 */
function setUp(
  read: (id: RawCoID) => StoredContent,
  fullAt = Infinity,
  readNewer: (known: KnownState) => StoredContent | undefined = () => undefined,
) {
  const node = createRelayNode(crypto);
  const [peer, client] = cojsonInternals.connectedPeers('client', 'relay', {
    peer1role: 'client',
    peer2role: 'server',
  });
  node.syncManager.addPeer(peer);
  const received: string[] = [];
  const counts: number[] = [];
  const delivered: SyncMessage[] = [];
  client.incoming.onMessage((message: SyncMessage | 'Disconnected') => {
    if (message !== 'Disconnected' && 'id' in message) received.push(message.id);
    if (message !== 'Disconnected' && message.action === 'content' && !message.header)
      counts.push(countIn(message));
  });
  let room: Promise<void> | undefined;
  let makeRoom = () => {};
  let readCount = 0;
  const seen = { most: 0, now: 0, mayBegin: true };
  const loads = createColdLoads({
    node,
    peer: () => node.syncManager.peers['client'],
    storage: {
      async readContent(id) {
        if (++readCount === fullAt) room = new Promise((resolve) => (makeRoom = resolve));
        return Promise.resolve(read(id as RawCoID));
      },
      readNewer: (known) => Promise.resolve(readNewer(known)),
      loadKnownState() {},
    },
    logger: silentLogger,
    hasRoom: () => room === undefined,
    whenRoom: () => room ?? Promise.resolve(),
    deliver: (message) => void delivered.push(message),
    goesAlong: undefined,
    mayBegin: () => seen.mayBegin,
    done: () => {},
    holds(bytes) {
      seen.now = bytes;
      seen.most = Math.max(seen.most, bytes);
    },
  });
  return {
    ...{ loads, received, counts, delivered, seen, node },
    makeRoom() {
      makeRoom();
      room = undefined;
    },
  };
}

function stored(id: RawCoID, bytes: number, opened?: () => void, group?: RawCoID): StoredContent {
  const ruleset = group ? ({ type: 'ownedByGroup', group } as const) : ({ type: 'unsafeAllowAll' } as const);
  const header: CoValueHeader = { type: 'comap', ruleset, meta: null, createdAt: null, uniqueness: id };
  const piece: Content = { action: 'content', id, header, priority: 3, new: {} };
  async function* stream() {
    opened?.();
    yield await Promise.resolve(piece);
  }
  const pieces = opened ? stream() : [piece];
  return { header, pieces, bytes, isDeleted: false, isPartial: false, isStreamed: opened !== undefined };
}

const session = 'co_zAlice_session_z1' as SessionID;
const countIn = (content: Content) => content.new[session]?.newTransactions.length ?? 0;

/** What a client that has `known` lacks of one session with `count` transactions, at most ten. */
function newer({ id, sessions }: KnownState, count: number): StoredContent {
  const after = sessions[session] ?? 0;
  const to = Math.min(after + 10, count);
  const transaction = { privacy: 'trusting', madeAt: 1, changes: '[]' } as const;
  const newTransactions = Array.from({ length: to - after }, () => transaction as never);
  const piece: Content = {
    ...{ action: 'content', id, priority: 3 },
    new: { [session]: { after, newTransactions, lastSignature: 'signature_z1' } } as Content['new'],
  };
  return { ...stored(id, 100), pieces: to > after ? [piece] : [], isPartial: to < count };
}

const later = () => new Promise(setImmediate);

it('[RELAY-35] loads wait in line while 8 MB are reserved for answers that the client has not read', async () => {
  let openCount = 0;
  const { loads, received, seen, makeRoom } = setUp((id) => stored(id, 90_000, () => openCount++), 40);
  for (let index = 0; index < 200; index++) loads.take(load(idOf(index)));
  await until(() => openCount > 0);
  await later();
  expect(seen.now).toBeGreaterThan(5_000_000);
  expect(seen.most).toBeLessThanOrEqual(8_000_000);
  expect(openCount).toBe(2);
  makeRoom();
  await until(() => received.length === 200);
  expect(seen.most).toBeLessThanOrEqual(8_000_000);
  await until(() => seen.now === 0);
});

it('[RELAY-37] no load begins while memory is tight', async () => {
  const { loads, received, seen } = setUp((id) => stored(id, 100));
  seen.mayBegin = false;
  loads.take(load(idOf(1)));
  await later();
  expect(seen.most).toBe(0);
  seen.mayBegin = true;
  loads.resume();
  await until(() => received.length === 1);
});

it('[RELAY-35] keeps little of a long chain of dependencies, which it sends first', async () => {
  const depth = 30;
  const { loads, received, seen } = setUp((id) => {
    const index = Number(id.slice('co_zValue'.length));
    return stored(id, 1_000_000, undefined, index < depth ? idOf(index + 1) : undefined);
  });
  loads.take(load(idOf(0)));
  await until(() => received.length === depth + 1);
  expect(received).toEqual(Array.from({ length: depth + 1 }, (_, index) => idOf(depth - index)));
  expect(seen.most).toBeLessThan(5_000_000);
});

describe('of a CoValue that a client follows', () => {
  const id = idOf(1);
  const known = (count: number): KnownState => ({ id, header: true, sessions: { [session]: count } });

  it('[RELAY-54] only what it lacks is sent, after the author, and a part at a time', async () => {
    const { loads, counts, received, node } = setUp(
      (author) => stored(author, 100),
      Infinity,
      (client) => newer(client, 35),
    );
    const peer = node.syncManager.peers['client'];
    peer?.setKnownState(id, known(10));
    loads.sendNewer(id);
    await until(() => counts.length === 3);
    expect(counts).toEqual([10, 10, 5]);
    expect(received).toEqual(['co_zAlice', id, id, id]);
    expect(peer?.getOptimisticKnownState(id)).toEqual(known(35));
    loads.sendNewer(id);
    await later();
    expect(counts).toHaveLength(3);
    expect(node.isCoValueInMemory(id)).toBe(false);
  });

  it('what is stored while it is sent is sent next', async () => {
    let count = 15;
    const { loads, counts, node } = setUp(
      () => stored(id, 100),
      Infinity,
      (client) => newer(client, count),
    );
    node.syncManager.peers['client']?.setKnownState(id, known(10));
    loads.sendNewer(id);
    loads.sendNewer(id);
    count = 18;
    await until(() => counts.reduce((sum, more) => sum + more, 0) === 8);
  });

  it('everything is sent if it asks for that meanwhile', async () => {
    const reads: string[] = [];
    const { loads, received, node } = setUp(
      () => (reads.push('all'), stored(id, 100)),
      Infinity,
      (client) => (reads.push('newer'), newer(client, 15)),
    );
    node.syncManager.peers['client']?.setKnownState(id, known(10));
    loads.sendNewer(id);
    loads.take(load(id));
    await until(() => reads.includes('all'));
    await until(() => received.length > 0);
  });

  it('the node sends it if it has loaded it meanwhile', async () => {
    const { loads, counts, delivered, node } = setUp(
      () => stored(id, 100),
      Infinity,
      (client) => {
        getOrCreateCoValue(node, id).markPending('storage');
        return newer(client, 15);
      },
    );
    node.syncManager.peers['client']?.setKnownState(id, known(10));
    loads.sendNewer(id);
    await until(() => delivered.length > 0);
    expect(delivered).toEqual([{ action: 'load', ...known(10) }]);
    expect(counts).toEqual([]);
  });
});
