import type { LocalNode, RawAccount, RawCoMap, RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { createBoundAccount } from '../../../test/guard/bound-account.ts';
import { attacker, give, holderOf, idOf, memberOf, nextMoment, viewOf } from '../../../test/guard/nodes.ts';
import { createAdmissionNode } from '../../../test/support/relay/admission-node.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { createRandom } from '../../base/seeded-random.ts';
import type { Content } from '../../engine/content.ts';
import { until } from '../../../test/support/until.ts';

/** All that a reader has of groups with all kinds of members, some of them removed. */
async function createHistory(): Promise<LocalNode> {
  const alice = await createClientNode();
  const bound = await createBoundAccount();
  const kernel = await bound.kernel();
  const [manager, byInvite, removed, guest, nested] = Array.from({ length: 5 }, () => attacker()) as [
    LocalNode,
    LocalNode,
    LocalNode,
    LocalNode,
    LocalNode,
  ];
  const reader = await createClientNode();
  const top = alice.createGroup();
  const group = alice.createGroup();
  const open = alice.createGroup();
  group.extend(top);
  open.addMember('everyone', 'writer');
  top.addMember(memberOf(nested), 'writer');
  group.addMember(memberOf(manager), 'manager');
  group.addMember(memberOf(removed), 'writer');
  const invite = group.createInvite('writer');
  const maps = [group.createMap({ word: 'first' }), open.createMap({ word: 'open' })] as const;
  const everything = () => [
    alice.getCoValue(alice.expectCurrentAccountID('test')),
    top,
    group,
    open,
    ...maps,
  ];
  const share = (node: LocalNode) => give(node, alice, ...everything());
  const back = (node: LocalNode) => give(alice, node, ...everything());
  const write = (node: LocalNode, map: RawCoMap) => {
    share(node);
    node.getCoValue(map.id).makeTransaction([{ op: 'set', key: idOf(node), value: 1 }], 'trusting');
    back(node);
  };
  for (const piece of bound.content) alice.syncManager.handleNewContent(structuredClone(piece), 'import');
  const holder = holderOf(invite);
  for (const node of [manager, byInvite, removed, guest, nested, holder, kernel]) share(node);
  await nextMoment();
  viewOf(holder, group).addMemberInternal(idOf(byInvite), 'writer');
  give(manager, alice, { id: bound.genesis.accountID });
  const boundAccount = viewOf(manager, { id: bound.genesis.accountID } as RawAccount);
  viewOf(manager, group).addMemberInternal(boundAccount, 'writer');
  for (const node of [holder, manager]) back(node);
  await nextMoment();
  for (const node of [manager, byInvite, removed, nested, kernel]) write(node, maps[0]);
  write(guest, maps[1]);
  await nextMoment();
  const own: RawGroup = viewOf(alice, group);
  for (const node of [manager, removed, holder]) own.removeMember(memberOf(node));
  give(reader, kernel, ...bound.content);
  give(reader, alice, ...everything());
  for (const { id } of [...alice.allCoValues()]) give(reader, alice, { id });
  return reader;
}

it.each([1, 2, 3, 4, 5, 6])(
  '[RELAY-22] an empty relay takes a whole history in any order, from any client (seed %i)',
  async (seed) => {
    const reader = await createHistory();
    const random = createRandom(seed);
    const relay = createAdmissionNode();
    const clients = [relay.client('one'), relay.client('other')] as const;
    const cores = [...reader.allCoValues()].filter(
      (core) => Object.keys(core.knownState().sessions).length > 0,
    );
    // Each session apart, in any order; only a CoValue's header comes with whatever is first.
    const pieces = cores.flatMap((core): Content[] =>
      (core.newContentSince(undefined) ?? []).flatMap((piece) =>
        Object.entries(piece.new).map(([sessionID, content]) => ({
          ...piece,
          header: core.verified?.header as NonNullable<Content['header']>,
          new: { [sessionID]: content },
        })),
      ),
    );
    const shuffled = pieces
      .map((piece) => ({ piece, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ piece }) => piece);
    for (const piece of shuffled) clients[random() < 0.5 ? 0 : 1].send(piece);
    // cojson waits for accounts in its own queue. The dependency queue would send again what waits for others.
    await until(() => {
      clients[0].send(...relay.incomplete.splice(0));
      for (const core of cores)
        expect(relay.node.getCoValue(core.id).knownState()).toEqual(core.knownState());
    });
    relay.clock.advance(60_000);
    expect([relay.refused, relay.clock.waiting]).toEqual([[], 0]);
  },
);
