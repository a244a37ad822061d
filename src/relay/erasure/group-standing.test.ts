import type { LocalNode, RawGroup } from 'cojson';
import { afterAll, expect, it } from 'vitest';
import { askForSelf } from '../../../test/support/relay/erasure-requests.ts';
import { accountAt } from '../../../test/support/relay/given-content.ts';
import { accountOf, changesOf, push } from '../../../test/support/relay/stateless-client.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { openRelay } from '../../../test/support/relay/test-relay.ts';
import type { ErasurePreview } from '../../wire/erasure.ts';

const { url, close } = await openRelay({ storage: 'memory:' });
afterAll(close);

/** Mallory makes a group, in which the others are at the relay. Acts are dated by seconds from now, in the order of their signatures. */
async function openGroup() {
  const [mallory, second, bob] = [
    await createClientNode(),
    await createClientNode(),
    await createClientNode(),
  ];
  for (const node of [mallory, second, bob]) await push(url, changesOf(node, accountOf(node)));
  const group = mallory.createGroup();
  for (const node of [second, bob]) accountAt(mallory, node);
  const startMs = Date.now();
  const write = (by: RawGroup, member: LocalNode, value: string, atS: number) =>
    by.core.makeTransaction(
      [{ op: 'set', key: accountOf(member).id, value }],
      'trusting',
      undefined,
      startMs + atS * 1_000,
    );
  const act = (member: LocalNode, value: string, atS: number) => void write(group, member, value, atS);
  const askFor = async (node: LocalNode) => {
    expect((await push(url, changesOf(mallory, group))).status).toBe(200);
    const { status, body } = await askForSelf(url, node, 'preview');
    expect(status).toBe(200);
    const { coValues, kept } = body as unknown as ErasurePreview;
    return { coValues, why: kept.find(({ id }) => id === group.id)?.why };
  };
  return { mallory, second, bob, group, act, write, askFor };
}

it('[RELAY-92] an admin who dates their own removal back does not erase what another admin has', async () => {
  const { mallory, bob, act, askFor } = await openGroup();
  act(bob, 'admin', 10);
  act(mallory, 'revoked', 5);
  act(bob, 'revoked', 20);
  act(mallory, 'admin', 30);
  expect(await askFor(mallory)).toEqual({ coValues: 0, why: undefined });
});

it('[RELAY-92] nor does a second account that they date back as an admin', async () => {
  const { mallory, second, bob, act, askFor } = await openGroup();
  act(bob, 'admin', 10);
  act(second, 'admin', 3);
  act(bob, 'reader', 1);
  act(bob, 'revoked', 2);
  act(mallory, 'revoked', 5);
  act(bob, 'revoked', 20);
  expect(await askFor(second)).toEqual({ coValues: 0, why: 'It has another member.' });
});

it('[RELAY-92] an admin who has stepped down can be removed by another one', async () => {
  const { mallory, bob, group, act, write, askFor } = await openGroup();
  act(bob, 'admin', 1);
  await push(url, changesOf(mallory, group));
  for (const content of changesOf(mallory, accountOf(mallory), group))
    bob.syncManager.handleNewContent(content, 'import');
  const atBob = (await bob.load(group.id)) as RawGroup;
  write(atBob, bob, 'reader', 2);
  for (const content of changesOf(bob, group)) mallory.syncManager.handleNewContent(content, 'import');
  act(bob, 'revoked', 3);
  expect(await askFor(mallory)).toEqual({ coValues: 2, why: undefined });
});

it('[RELAY-92] a former manager who writes that they are back is in no group', async () => {
  const { mallory, bob, group, act, write, askFor } = await openGroup();
  act(bob, 'manager', 1);
  act(bob, 'revoked', 2);
  await push(url, changesOf(mallory, group));
  for (const content of changesOf(mallory, accountOf(mallory), group))
    bob.syncManager.handleNewContent(content, 'import');
  write((await bob.load(group.id)) as RawGroup, bob, 'manager', 3);
  expect((await push(url, changesOf(bob, group))).status).toBe(200);
  expect(await askFor(bob)).toEqual({ coValues: 0, why: undefined });
});

it.each([
  ['names an admin', 'second', 'admin'],
  ['removes the person', 'mallory', 'revoked'],
  ['makes the person an invite', 'mallory', 'readerInvite'],
] as const)('[RELAY-92] a former manager who %s without a right keeps nothing', async (_, whom, role) => {
  const group = await openGroup();
  const { mallory, bob, act, write, askFor } = group;
  act(bob, 'manager', 1);
  act(bob, 'revoked', 2);
  await push(url, changesOf(mallory, group.group));
  for (const content of changesOf(mallory, accountOf(mallory), group.group))
    bob.syncManager.handleNewContent(content, 'import');
  accountAt(bob, group.second);
  write((await bob.load(group.group.id)) as RawGroup, group[whom], role, 3);
  expect((await push(url, changesOf(bob, group.group))).status).toBe(200);
  expect(await askFor(mallory)).toEqual({ coValues: 2, why: undefined });
});
