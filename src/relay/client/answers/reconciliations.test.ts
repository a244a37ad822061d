import { cojsonInternals, type RawCoID, type RawCoMap, type SyncMessage } from 'cojson';
import { expect, it, vi } from 'vitest';
import { createClientNode, crypto } from '../../../../test/support/relay/stock-client.ts';
import { silentLogger } from '../../../base/logger.ts';
import type { KnownState } from '../../../engine/content.ts';
import { createRelayNode } from '../../../engine/create-node.ts';
import { createReconciliations, maxReconciled } from './reconciliations.ts';
import { until } from '../../../../test/support/until.ts';

/** A node with a client whose comparisons are answered from `stored`. */
async function setUp() {
  const writer = await createClientNode();
  const group = writer.createGroup();
  const node = createRelayNode(crypto);
  const [peer, client] = cojsonInternals.connectedPeers('client', 'relay', {
    peer1role: 'client',
    peer2role: 'server',
  });
  node.syncManager.addPeer(peer);
  const received: SyncMessage[] = [];
  client.incoming.onMessage((message) => {
    if (message !== 'Disconnected') received.push(message);
  });
  const stored = new Map<string, KnownState>();
  let room: Promise<void> | undefined;
  const answers: (() => void)[] = [];
  const tooMany = vi.fn();
  const done = vi.fn();
  const reconciliations = createReconciliations({
    node,
    peer: () => node.syncManager.peers['client'],
    storage: {
      loadKnownState: (id, callback) => void answers.push(() => callback(stored.get(id))),
    },
    logger: silentLogger,
    hasRoom: () => room === undefined,
    whenRoom: () => room ?? Promise.resolve(),
    tooMany,
    done,
  });
  return {
    ...{ node, group, stored, received, reconciliations, answers, tooMany, done },
    createMap: (): RawCoMap => group.createMap({ word: 'first' }),
    send: (message: SyncMessage) => client.outgoing.push(message),
    /** Lets the storage answer the requests so far. */
    answer: () => {
      for (const resolve of answers.splice(0)) resolve();
    },
    fill() {
      let free = () => {};
      room = new Promise((resolve) => (free = resolve));
      return () => {
        room = undefined;
        free();
      };
    },
  };
}

const hashOf = ({ core }: RawCoMap) => crypto.shortHash(core.knownState().sessions);
const reconcile = (id: string, values: [RawCoID, string][]) => ({ action: 'reconcile', id, values }) as const;
const unknownIDs = (count: number): [RawCoID, string][] =>
  Array.from({ length: count }, (_, index) => [`co_zGhost${index}`, 'hash']);

it('acknowledges CoValues that are stored as the client has them, and loads the rest', async () => {
  const { createMap, stored, received, reconciliations, answer, send, done, group, node } = await setUp();
  const [same, older, missing] = [createMap(), createMap(), createMap()];
  stored.set(same.id, same.core.knownState());
  stored.set(older.id, { id: older.id, header: true, sessions: {} });
  reconciliations.take(
    reconcile('batch', [
      [same.id, hashOf(same)],
      [older.id, hashOf(older)],
      [missing.id, hashOf(missing)],
    ]),
  );
  expect(reconciliations.isBusy()).toBe(true);
  answer();
  await until(() => expect(done).toHaveBeenCalledOnce());
  expect(reconciliations.isBusy()).toBe(false);
  await until(() => expect(received).toHaveLength(2));
  expect(received).toEqual([
    { action: 'load', id: older.id, header: true, sessions: {} },
    { action: 'load', id: missing.id, header: false, sessions: {} },
  ]);

  const account = group.core.node.getCoValue(group.core.node.expectCurrentAccountID('test'));
  const contents = [account, group.core, older.core, missing.core];
  for (const core of contents) for (const content of core.newContentSince(undefined) ?? []) send(content);
  await until(() => expect(received.at(-1)).toEqual({ action: 'reconcile-ack', id: 'batch' }));
  expect(node.getCoValue(missing.id).isAvailable()).toBe(true);
});

it('acknowledges at once if nothing differs', async () => {
  const { received, reconciliations } = await setUp();
  reconciliations.take(reconcile('empty', []));
  await until(() => expect(received).toEqual([{ action: 'reconcile-ack', id: 'empty' }]));
});

it('[RELAY-30] reads 200 states at a time, each time once the client has read the earlier answers', async () => {
  const { received, reconciliations, answers, answer, fill } = await setUp();
  const free = fill();
  reconciliations.take(reconcile('batch', unknownIDs(450)));
  expect(answers).toHaveLength(200);
  answer();
  await new Promise((resolve) => setImmediate(resolve));
  expect([answers.length, received.length]).toEqual([0, 0]);
  free();
  await until(() => expect(answers).toHaveLength(200));
  answer();
  await until(() => expect(answers).toHaveLength(50));
  answer();
  await until(() => expect(received).toHaveLength(450));
});

it('refuses more IDs than any client sends, and reads none of them', async () => {
  const { reconciliations, answers, tooMany } = await setUp();
  reconciliations.take(reconcile('batch', unknownIDs(maxReconciled + 1)));
  expect(tooMany).toHaveBeenCalledWith(maxReconciled + 1);
  expect([answers.length, reconciliations.isBusy()]).toEqual([0, false]);
});

it('forgets an unanswered comparison when the next one begins', async () => {
  const { createMap, node, received, reconciliations, answer, send, done } = await setUp();
  const map = createMap();
  reconciliations.take(reconcile('first', [[map.id, hashOf(map)], ...unknownIDs(3)]));
  answer();
  await until(() => expect(done).toHaveBeenCalledTimes(1));
  reconciliations.take(reconcile('second', [[map.id, hashOf(map)]]));
  answer();
  await until(() => expect(done).toHaveBeenCalledTimes(2));
  send({ action: 'known', id: map.id, header: false, sessions: {} });
  await until(() => expect(received.at(-1)).toEqual({ action: 'reconcile-ack', id: 'second' }));
  const tracked: unknown = Reflect.get(node.syncManager, 'ongoingStorageReconciliationTracker');
  expect(
    JSON.stringify(tracked, (_, value: unknown) => (value instanceof Map ? [...value] : value)),
  ).not.toContain('first');
});
