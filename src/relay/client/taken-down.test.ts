import { expect, it } from 'vitest';
import { messagesIn } from '../../../test/support/relay/raw-client.ts';
import { serveStub } from '../../../test/support/relay/serve-stub.ts';
import { assert } from '../../base/assert.ts';
import { TakenDown } from './taken-down.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('[RELAY-62] what waits for a client when its CoValue is taken down is not sent', async () => {
  const takenDown = new Set<string>();
  const restrictions = {
    isTakenDown: (id: string) => takenDown.has(id),
    blockOf: () => undefined,
    barredBy: () => undefined,
  };
  const { connection, node, sent } = serveStub({ restrictions });
  const group = node.createGroup();
  const [hidden, shown] = [group.createMap({ word: 'hidden' }), group.createMap({ word: 'shown' })];
  const client = node.syncManager.peers['client-1'];
  assert(client, 'the client is a peer');
  for (const { core } of [hidden, shown])
    for (const piece of core.newContentSince(undefined) ?? []) node.syncManager.trySendToPeer(client, piece);
  node.syncManager.trySendToPeer(client, { action: 'load', id: hidden.id, header: false, sessions: {} });
  takenDown.add(hidden.id);
  await turn();
  const ids = messagesIn(sent.flatMap((frame) => frame.split('\n'))).map(({ id }) => id);
  expect([ids.includes(hidden.id), ids.includes(shown.id)]).toEqual([false, true]);
  expect(connection.isRestricted()).toBe(true);
});

it('[RELAY-62] a comparison that a client has named like what is taken down is answered', () => {
  const { node } = serveStub();
  const takenDown = new TakenDown({ node, restrictions: { isTakenDown: () => true } }, () => undefined);
  expect(takenDown.mayPass({ action: 'reconcile-ack', id: 'co_zHidden' })).toBe(true);
  expect(takenDown.mayPass({ action: 'load', id: 'co_zHidden', header: false, sessions: {} })).toBe(false);
});
