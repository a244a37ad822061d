import { cojsonInternals, type RawCoID } from 'cojson';
import { expect, test } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { createRelayDisputes } from './relay-disputes.ts';

const known = (id: string, isCorrection: boolean) =>
  ({ action: 'known', id: id as RawCoID, header: true, sessions: {}, isCorrection }) as const;

test('reports a relay that requested a resend of the CoValue, and no other CoValue', async () => {
  const disputes = createRelayDisputes({ node: await createAgentNode() }, 0);
  disputes.noteReceived('r', known('co_zA', false), 5);
  expect(disputes.of('co_zA', ['r'])).toEqual([{ relayID: 'r', isSkipped: false, answeredAtMs: 5 }]);
  disputes.noteReceived('r', known('co_zA', true), 7);
  expect(disputes.of('co_zA', ['q', 'r'])).toEqual([
    { relayID: 'r', isSkipped: false, answeredAtMs: 7, askedAgainAtMs: 7 },
  ]);
  expect(disputes.of('co_zB', ['r'])).toEqual([]);
});

test('remembers only the newest of thousands of answers and resend requests', async () => {
  const disputes = createRelayDisputes({ node: await createAgentNode() }, 0);
  for (let count = 0; count < 1_000; count++) disputes.noteReceived('r', known(`co_z${count}`, true), count);
  expect(disputes.of('co_z999', ['r'])).toHaveLength(1);
  expect(disputes.of('co_z0', ['r'])).toEqual([]);
});

test('reports a CoValue as skipped if cojson no longer sends it to the relay', async () => {
  const node = await createAgentNode();
  const { core } = node.createGroup();
  const disputes = createRelayDisputes({ node }, 0);
  core.markErrored('r', new Error('bad signature'));
  expect(disputes.of(core.id, ['q', 'r'])).toEqual([{ relayID: 'r', isSkipped: true }]);
});

test.each(['known', 'load'] as const)(
  'reports when the relay last said with `%s` what it has',
  async (action) => {
    const disputes = createRelayDisputes({ node: await createAgentNode() }, 0);
    const message = { action, id: 'co_zA' as RawCoID, header: false, sessions: {} } as const;
    disputes.noteReceived('r', message, 5);
    disputes.noteReceived('r', message, 9);
    expect(disputes.of('co_zA', ['r'])).toMatchObject([{ relayID: 'r', answeredAtMs: 9 }]);
    expect(disputes.of('co_zA', ['q'])).toEqual([]);
  },
);

test('dates an answer that it did not receive, or no longer remembers, to the latest possible time', async () => {
  const node = await createAgentNode();
  const outgoing = { push: () => {}, close: () => {}, onClose: () => {} };
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  node.syncManager.addPeer({ id: 'r', role: 'server', incoming, outgoing });
  const { id } = node.createGroup();
  const disputes = createRelayDisputes({ node }, 40);
  expect(disputes.of(id, ['r'])).toEqual([]);
  node.syncManager.peers['r']?.combineWith(id, { id, header: false, sessions: {} });
  expect(disputes.of(id, ['r'])).toMatchObject([{ answeredAtMs: 40 }]);
  disputes.noteReceived('r', known(id, false), 50);
  for (let count = 0; count < 500; count++) disputes.noteReceived('r', known(`co_z${count}`, false), 60);
  expect(disputes.of(id, ['r'])).toMatchObject([{ answeredAtMs: 50 }]);
});
