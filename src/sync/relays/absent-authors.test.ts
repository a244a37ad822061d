import { cojsonInternals, LocalNode, type RawCoMap, type RawCoValue, type SyncMessage } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createInstantPacer } from '../../../test/support/instant-pacer.ts';
import { until } from '../../../test/support/until.ts';
import type { Content, SessionID } from '../../engine/content.ts';
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
    ...{ map, core, clock, onDropped, droppedContent, relay },
    keys: () => (core.isAvailable() ? (core.getCurrentContent() as RawCoMap).keys() : undefined),
    /** The group and the map, by the maker only. */
    base: [...contentOf(maker, group.id), ...contentOf(maker, map.id)],
    account: contentOf(author, accountID),
    edit: (key: string) => changeOf(copy, key),
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

it('[SEC-18] when the connection ends, nothing waits any more', async () => {
  const { map, base, core, keys, relay, edit, droppedContent } = await start();
  const hostile = relay('hostile');
  hostile.sends(...base, byNobody(map, edit('x')));
  droppedContent.lost('hostile');
  expect(hasWaitingContent(core)).toBe(false);
  expect(keys()).toEqual(['a']);
});
