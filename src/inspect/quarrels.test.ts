import type { RawCoID } from 'cojson';
import { expect, test } from 'vitest';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { createQuarrels } from './quarrels.ts';

const known = (id: string, isCorrection: boolean) =>
  ({ action: 'known', id: id as RawCoID, header: true, sessions: {}, isCorrection }) as const;

test('a relay that asked for a CoValue again is remembered, and only of that one', async () => {
  const quarrels = createQuarrels({ node: await createAgentNode() });
  quarrels.heard('r', known('co_zA', false), 5);
  expect(quarrels.of('co_zA', ['r'])).toEqual([]);
  quarrels.heard('r', known('co_zA', true), 7);
  expect(quarrels.of('co_zA', ['q', 'r'])).toEqual([{ relayID: 'r', isSkipped: false, askedAgainAtMs: 7 }]);
  expect(quarrels.of('co_zB', ['r'])).toEqual([]);
});

test('of thousands the newest are remembered', async () => {
  const quarrels = createQuarrels({ node: await createAgentNode() });
  for (let count = 0; count < 1_000; count++) quarrels.heard('r', known(`co_z${count}`, true), count);
  expect(quarrels.of('co_z999', ['r'])).toHaveLength(1);
  expect(quarrels.of('co_z0', ['r'])).toEqual([]);
});

test('what cojson does not send a relay any more is skipped there', async () => {
  const node = await createAgentNode();
  const { core } = node.createGroup();
  const quarrels = createQuarrels({ node });
  core.markErrored('r', new Error('bad signature'));
  expect(quarrels.of(core.id, ['q', 'r'])).toEqual([{ relayID: 'r', isSkipped: true }]);
});
