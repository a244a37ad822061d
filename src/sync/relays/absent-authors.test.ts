import {
  cojsonInternals,
  LocalNode,
  type RawCoMap,
  type RawCoValue,
  type RawGroup,
  type SyncMessage,
} from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createInstantPacer } from '../../../test/support/instant-pacer.ts';
import { until } from '../../../test/support/until.ts';
import type { Content, SessionID } from '../../engine/content.ts';
import { incompleteGroupsOf, isComplete } from '../../engine/covalue-access.ts';
import { hasWaitingContent } from '../../engine/covalue-lookup.ts';
import { createSessionNode } from '../../engine/create-node.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { genesisTimeMs } from '../../session/account/version-1.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createDroppedContent } from './dropped-content.ts';

const stock = await WasmCrypto.create();
const patienceMs = 8_000;
const reason = 'The account of its author has not arrived.';

async function device(): Promise<LocalNode> {
  const crypto = await createSessionCrypto();
  const agentSecret = crypto.newRandomAgentSecret();
  const sessionID = crypto.newRandomSessionID(crypto.getAgentID(agentSecret));
  return createSessionNode({ crypto, agentSecret, sessionID, genesisTimeMs });
}

function contentOf(node: LocalNode, id: string): Content[] {
  return structuredClone(node.getCoValue(id as RawCoMap['id']).newContentSince() ?? []);
}

/** What is sent of the change that the author makes. */
function changeOf(map: RawCoMap, key: string): Content[] {
  const before = map.core.knownState();
  map.set(key, 1, 'trusting');
  return structuredClone(map.core.newContentSince(before) ?? []);
}

/** A device, and an author with a list of what the author has: the account, a group and a map in it. */
async function start() {
  const { node: author } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'x' },
    crypto: stock,
  });
  const accountID = author.getCurrentAccountOrAgentID();
  // An agent without an account makes the group and the map.
  const maker = await device();
  const group = maker.createGroup();
  group.addMember('everyone', 'writer');
  const map = group.createMap({ a: 1 }, null, 'trusting');
  for (const { id } of [group, map])
    for (const one of contentOf(maker, id)) author.syncManager.handleNewContent(one, 'import');
  const node = await device();
  const [clock, onDropped] = [createFakeClock(), vi.fn()];
  const droppedContent = createDroppedContent({ node, clock, pacer: createInstantPacer(), onDropped });
  onTestFinished(droppedContent.stop);

  function relay(id: string) {
    const [peer, other] = cojsonInternals.connectedPeers(id, 'client', {
      peer1role: 'server',
      peer2role: 'client',
    });
    const received: SyncMessage[] = [];
    other.incoming.onMessage((message) => {
      if (message !== 'Disconnected') received.push(message);
    });
    node.syncManager.addPeer(peer);
    const state = node.syncManager.peers[id];
    if (!state) throw new Error('No peer.');
    return {
      received,
      sends: (...contents: readonly Content[]) => {
        for (const content of contents) node.syncManager.handleNewContent(content, state);
      },
    };
  }

  const copy = author.getCoValue(map.id).getCurrentContent() as RawCoMap;
  const core = node.getCoValue(map.id);
  return {
    ...{ group, map, node, core, clock, onDropped, droppedContent, relay },
    keys: () => (core.isAvailable() ? (core.getCurrentContent() as RawCoMap).keys() : undefined),
    /** The group and the map, by the maker only. */
    base: [...contentOf(maker, group.id), ...contentOf(maker, map.id)],
    account: contentOf(author, accountID),
    edit: (key: string) => changeOf(copy, key),
  };
}

/** Content of a group, by anybody and without a signature, that names a member or parent. */
function naming({ id }: RawCoValue, key: string, header?: Content['header']): Content {
  const agent = stock.getAgentID(stock.newRandomAgentSecret());
  const change = JSON.stringify([{ op: 'set', key, value: key.startsWith('parent_') ? 'extend' : 'reader' }]);
  const transaction = { privacy: 'trusting' as const, madeAt: 1, changes: change as never };
  const session = {
    after: 0,
    newTransactions: [transaction],
    lastSignature: `signature_z${'1'.repeat(64)}` as const,
  };
  return {
    action: 'content',
    id,
    priority: 0,
    ...(header && { header }),
    new: { [stock.newRandomSessionID(agent)]: session },
  };
}

/** Content of a session by an account that does not exist. */
function byNobody({ id }: RawCoValue, like: readonly Content[], number = 1): Content {
  const [session] = Object.values(like[0]?.new ?? {});
  if (!session) throw new Error('No session.');
  const sessionID = `co_zNobodyHasThisAccount${number}_session_z1` as SessionID;
  return { action: 'content', id, priority: 3, new: { [sessionID]: session } };
}

it('[SEC-18] an author whom nobody has keeps no value that is here from changing', async () => {
  const { map, base, keys, relay, edit } = await start();
  const [honest, hostile] = [relay('honest'), relay('hostile')];
  honest.sends(...base);
  hostile.sends(byNobody(map, edit('x')));
  honest.sends(...changeOf(map, 'b'));
  expect(keys()).toEqual(['a', 'b']);
});

it('[SEC-18] an author whom nobody has keeps no value from loading that another relay has', async () => {
  const { map, base, core, keys, relay, clock, edit } = await start();
  const [honest, hostile] = [relay('honest'), relay('hostile')];
  const [group, whole] = base;
  if (!group || !whole) throw new Error('No content.');
  hostile.sends({ ...byNobody(map, edit('x')), header: map.core.verified.header });
  honest.sends(group, whole);
  expect(keys()).toEqual(['a']);
  expect(hasWaitingContent(core)).toBe(true);
  clock.advance(patienceMs);
  expect(hasWaitingContent(core)).toBe(false);
});

it('[SEC-18] content waits in order for the account of its author, and makes the value incomplete until then', async () => {
  const { base, account, core, keys, relay, edit, onDropped } = await start();
  const honest = relay('honest');
  honest.sends(...base, ...edit('b'), ...edit('c'));
  expect(keys()).toEqual(['a']);
  expect(hasWaitingContent(core)).toBe(true);
  honest.sends(...account);
  await until(() => expect(keys()).toEqual(['a', 'b', 'c']));
  expect(hasWaitingContent(core)).toBe(false);
  expect(onDropped).not.toHaveBeenCalled();
});

it('[SEC-18] what the same relay sends of a value after an edit is not shown before that edit', async () => {
  const { map, base, account, keys, relay, edit } = await start();
  const honest = relay('honest');
  honest.sends(...base, ...edit('cause'), ...changeOf(map, 'effect'));
  expect(keys()).toEqual(['a']);
  honest.sends(...account);
  await until(() => expect(keys()).toEqual(['a', 'cause', 'effect']));
});

it('[SEC-18] an author who does not arrive is left out after eight seconds, and the rest of the message handled', async () => {
  const { map, base, keys, relay, edit, clock, onDropped } = await start();
  const hostile = relay('hostile');
  hostile.sends(...base);
  const fake = byNobody(map, edit('x'));
  const [more] = changeOf(map, 'b');
  const sessionID = Object.keys(fake.new)[0];
  hostile.sends({ ...fake, new: { ...fake.new, ...more?.new } });
  clock.advance(patienceMs - 1);
  expect(keys()).toEqual(['a']);
  clock.advance(1);
  expect(keys()).toEqual(['a', 'b']);
  hostile.sends(fake);
  expect(onDropped.mock.calls).toEqual([[{ peerID: 'hostile', id: map.id, sessionID, reason }]]);
});

it('[SEC-18] a relay holds a value up only once, whatever authors it names', async () => {
  const { map, base, core, relay, edit, clock } = await start();
  const hostile = relay('hostile');
  const fakes = Array.from({ length: 5 }, (_, number) => byNobody(map, edit('x'), number));
  hostile.sends(...base, ...fakes.slice(0, 2));
  clock.advance(patienceMs / 2);
  hostile.sends(...fakes.slice(2, 4));
  clock.advance(patienceMs / 2);
  hostile.sends(...fakes.slice(4));
  expect(hasWaitingContent(core)).toBe(false);
});

it('[SEC-18] a relay that sends one author after another, each in time, holds up a value once a minute', async () => {
  const { map, base, core, relay, edit, clock } = await start();
  const [honest, hostile] = [relay('honest'), relay('hostile')];
  honest.sends(...base);
  const fake = byNobody(map, edit('x'));
  const [session] = Object.values(fake.new);
  const isHeldUp = [];
  for (const pauseMs of [0, 0, 0, 60_000]) {
    clock.advance(pauseMs);
    const { node: author } = await LocalNode.withNewlyCreatedAccount({
      creationProps: { name: 'x' },
      crypto: stock,
    });
    hostile.sends({ ...fake, new: { [author.currentSessionID]: session } } as Content);
    clock.advance(patienceMs - 1);
    isHeldUp.push(hasWaitingContent(core));
    hostile.sends(...contentOf(author, author.getCurrentAccountOrAgentID()));
    await until(() => expect(hasWaitingContent(core)).toBe(false));
  }
  expect(isHeldUp).toEqual([true, false, false, true]);
});

it('[SEC-18] a relay is asked again for what an author has written who arrives later', async () => {
  const { base, account, map, core, keys, relay, edit, clock } = await start();
  const honest = relay('honest');
  honest.sends(...base, ...edit('b'));
  clock.advance(patienceMs);
  expect(keys()).toEqual(['a']);
  const loads = () => honest.received.filter(({ action, id }) => action === 'load' && id === map.id);
  const before = loads().length;
  honest.sends(...account);
  await until(() => expect(loads().slice(before)).toEqual([{ action: 'load', ...core.knownState() }]));
});

it('[SEC-18] what a relay sends at once of an account that is not here takes limited memory', async () => {
  const { map, base, core, keys, relay, edit, onDropped } = await start();
  const hostile = relay('hostile');
  hostile.sends(...base);
  const fake = byNobody(map, edit('x'));
  const [sessionID, session] = Object.entries(fake.new)[0] ?? [];
  if (sessionID === undefined || !session) throw new Error('No session.');
  const [transaction] = session.newTransactions;
  if (transaction?.privacy !== 'trusting') throw new Error('No transaction.');
  const large = { ...transaction, changes: 'x'.repeat(9_000_000) as never };
  const message = { ...fake, new: { [sessionID]: { ...session, newTransactions: [large] } } };
  hostile.sends(message);
  expect(hasWaitingContent(core)).toBe(true);
  hostile.sends(message);
  expect(hasWaitingContent(core)).toBe(false);
  expect(onDropped).toHaveBeenCalledTimes(1);
  hostile.sends(...changeOf(map, 'b'));
  expect(keys()).toEqual(['a', 'b']);
});

it('[SEC-18] a message from countless absent authors makes the device request at most 10,000 of them', async () => {
  const { map, base, node, core, relay, edit } = await start();
  const hostile = relay('hostile');
  hostile.sends(...base);
  const fake = byNobody(map, edit('x'));
  const [session] = Object.values(fake.new);
  const authors = Array.from({ length: 20_000 }, (_, number) => `co_z${number}_session_z1`);
  hostile.sends({ ...fake, new: Object.fromEntries(authors.map((id) => [id, session])) } as Content);
  expect(hasWaitingContent(core)).toBe(false);
  expect([...node.allCoValues()].length).toBeLessThan(10_100);
});

it('[SEC-18] when the connection ends, nothing waits any more', async () => {
  const { map, base, core, keys, relay, edit, droppedContent } = await start();
  const hostile = relay('hostile');
  hostile.sends(...base, byNobody(map, edit('x')));
  droppedContent.lost('hostile');
  expect(hasWaitingContent(core)).toBe(false);
  expect(keys()).toEqual(['a']);
});

it('[SEC-18] a relay that names nobody as a member again and again keeps no change of the group out', async () => {
  const { group, base, node, relay, clock } = await start();
  const [honest, hostile] = [relay('honest'), relay('hostile')];
  honest.sends(...base);
  const seen = node.expectCoValueLoaded(group.id).getCurrentContent() as RawGroup;
  for (let i = 1; i < 5; i++) {
    hostile.sends(naming(group, `co_zNobodyHasThisMember${i}`));
    clock.advance(patienceMs / 2);
    const before = group.core.knownState();
    group.addMember('everyone', i % 2 === 0 ? 'writer' : 'reader');
    honest.sends(...structuredClone(group.core.newContentSince(before) ?? []));
    expect(seen.get('everyone')).toBe(i % 2 === 0 ? 'writer' : 'reader');
  }
});

it('[SEC-18] a relay that names nobody as a member keeps no group from loading that another relay has', async () => {
  const { group, map, base, node, core, relay, clock } = await start();
  const [honest, hostile] = [relay('honest'), relay('hostile')];
  const groupCore = node.getCoValue(group.id);
  hostile.sends(naming(group, 'co_zNobodyHasThisMember', group.core.verified.header));
  hostile.sends(naming(map.group, 'parent_co_zNobodyHasThisGroup', group.core.verified.header));
  honest.sends(...base);
  expect(core.isAvailable() && isComplete(core) && incompleteGroupsOf(core)).toEqual([]);
  expect(hasWaitingContent(groupCore)).toBe(true);
  clock.advance(patienceMs);
  expect(groupCore.isAvailable() && isComplete(groupCore)).toBe(true);
  // The group does not wait again.
  hostile.sends(naming(group, 'co_zNobodyHasThatMember'));
  expect(groupCore.isAvailable() && isComplete(groupCore)).toBe(true);
});

it('[SEC-18] content of a group waits for the member that it names, but not for one that names the group in turn', async () => {
  const { group, base, account, node, relay } = await start();
  const honest = relay('honest');
  honest.sends(...base);
  const [id] = account.map((content) => content.id);
  const before = group.core.knownState();
  group.core.makeTransaction([{ op: 'set', key: id ?? '', value: 'reader' }], 'trusting');
  const added = structuredClone(group.core.newContentSince(before) ?? []);
  honest.sends(...added);
  const seen = node.expectCoValueLoaded(group.id).getCurrentContent() as RawGroup;
  expect(seen.get(id as 'everyone')).toBeUndefined();
  honest.sends(...account);
  await until(() => expect(seen.get(id as 'everyone')).toBe('reader'));

  const maker = await device();
  const [one, other] = [maker.createGroup(), maker.createGroup()];
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const)
    from.core.makeTransaction([{ op: 'set', key: `parent_${to.id}`, value: 'extend' }], 'trusting');
  honest.sends(...contentOf(maker, one.id), ...contentOf(maker, other.id));
  await until(() =>
    expect([one, other].map(({ id }) => node.getCoValue(id).isAvailable())).toEqual([true, true]),
  );
});

it.each([
  ['the same author', {}],
  ['another one, too', { co_zNobodyElse_session_z1: 9 }],
])(
  '[SEC-18] after eight seconds, nothing of an absent author is awaited, nor anything announced of %s',
  async (_, more) => {
    const { map, base, core, relay, edit, clock, droppedContent } = await start();
    const [honest, hostile] = [relay('honest'), relay('hostile')];
    honest.sends(...base);
    const fake = byNobody(map, edit('x'));
    const [sessionID = ''] = Object.keys(fake.new);
    const announcing = { ...fake, expectContentUntil: { [sessionID]: 9, ...more } };
    hostile.sends(droppedContent.admit('hostile', announcing) ?? fake);
    expect(core.isAvailable() && isComplete(core)).toBe(false);
    clock.advance(patienceMs);
    expect(core.isAvailable() && isComplete(core)).toBe(true);
    hostile.sends(droppedContent.admit('hostile', announcing) ?? fake);
    expect(core.isAvailable() && isComplete(core)).toBe(true);
  },
);

it('[SEC-18] nothing announced later is awaited from an author who was dropped', async () => {
  const { map, base, core, relay, edit, clock, droppedContent } = await start();
  const [honest, hostile] = [relay('honest'), relay('hostile')];
  honest.sends(...base);
  const fake = byNobody(map, edit('x'));
  hostile.sends(fake);
  clock.advance(patienceMs);
  const [sessionID = ''] = Object.keys(fake.new);
  const announcing = { ...fake, expectContentUntil: { [sessionID]: 9 } };
  hostile.sends(droppedContent.admit('hostile', announcing) ?? fake);
  expect(core.isAvailable() && isComplete(core)).toBe(true);
});

it('[SEC-18] nobody is waited for whom a relay names and announces more of', async () => {
  const { group, map, base, account, core, relay, clock } = await start();
  const [honest, hostile] = [relay('honest'), relay('hostile')];
  const stranger = await device();
  const parent = stranger.createGroup();
  const contents = [...account, ...contentOf(stranger, parent.id)];
  for (const content of contents) {
    const expectContentUntil = Object.fromEntries(Object.keys(content.new).map((session) => [session, 100]));
    hostile.sends({ ...content, expectContentUntil });
  }
  const [author] = account.map(({ id }) => id);
  const fake = byNobody(map, base.slice(1));
  const session = Object.values(fake.new)[0];
  if (!session) throw new Error('No session.');
  const header = map.core.verified.header;
  hostile.sends({ ...fake, header, new: { [`${author}_session_z1` as SessionID]: session } });
  hostile.sends(naming(group, `parent_${parent.id}`, group.core.verified.header));
  honest.sends(...base);
  clock.advance(1);
  await until(() => expect(core.isAvailable() && isComplete(core)).toBe(true));
  expect(core.isAvailable() && incompleteGroupsOf(core)).toEqual([]);
});
