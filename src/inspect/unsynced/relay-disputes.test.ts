import type { RawCoID } from 'cojson';
import { expect, test } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { createRelayDisputes } from './relay-disputes.ts';

const known = (id: string, isCorrection: boolean) =>
  ({ action: 'known', id: id as RawCoID, header: true, sessions: {}, isCorrection }) as const;

test('reports a relay that requested a resend of the CoValue, and no other CoValue', async () => {
  const disputes = createRelayDisputes({ node: await createAgentNode() });
  disputes.noteReceived('r', known('co_zA', false), 5);
  expect(disputes.of('co_zA', ['r'])).toEqual([]);
  disputes.noteReceived('r', known('co_zA', true), 7);
  expect(disputes.of('co_zA', ['q', 'r'])).toEqual([{ relayID: 'r', isSkipped: false, askedAgainAtMs: 7 }]);
  expect(disputes.of('co_zB', ['r'])).toEqual([]);
});

test('remembers only the newest of thousands of resend requests', async () => {
  const disputes = createRelayDisputes({ node: await createAgentNode() });
  for (let count = 0; count < 1_000; count++) disputes.noteReceived('r', known(`co_z${count}`, true), count);
  expect(disputes.of('co_z999', ['r'])).toHaveLength(1);
  expect(disputes.of('co_z0', ['r'])).toEqual([]);
});

test('reports a CoValue as skipped if cojson no longer sends it to the relay', async () => {
  const node = await createAgentNode();
  const { core } = node.createGroup();
  const disputes = createRelayDisputes({ node });
  core.markErrored('r', new Error('bad signature'));
  expect(disputes.of(core.id, ['q', 'r'])).toEqual([{ relayID: 'r', isSkipped: true }]);
});
