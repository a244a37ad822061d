import {
  cojsonInternals,
  LocalNode,
  type RawAccount,
  type RawCoMap,
  type RawCoValue,
  type SessionID,
} from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it, vi } from 'vitest';
import { createInstantPacer } from '../../../test/support/instant-pacer.ts';
import { sessionsOf, type Content } from '../../engine/content.ts';
import { createSessionNode } from '../../engine/create-node.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { createGenesis } from '../../session/account/genesis.ts';
import { genesisTimeMs } from '../../session/account/version-1.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createDroppedContent } from './dropped-content.ts';
import { until } from '../../../test/support/until.ts';

const stock = await WasmCrypto.create();
const { subtle } = globalThis.crypto;
let seeds = 0;

async function genesisOf(seed: number) {
  return createGenesis(await createSessionCrypto(), subtle, new Uint8Array(32).fill(seed));
}

/** A device of an account that a kernel has made. */
async function device(seed: number): Promise<LocalNode> {
  const crypto = await createSessionCrypto();
  const { accountID, agentSecret, content } = await genesisOf(seed);
  const sessionID = crypto.newRandomSessionID(accountID);
  const node = createSessionNode({ crypto, agentSecret, sessionID, genesisTimeMs });
  for (const one of await content()) node.syncManager.handleNewContent(one, 'import');
  return node;
}

function contentOf(node: LocalNode, { id }: Pick<RawCoValue, 'id'>): readonly Content[] {
  return structuredClone(node.getCoValue(id).newContentSince() ?? []);
}

function relayOf(node: LocalNode, id: string) {
  const [peer] = cojsonInternals.connectedPeers(id, 'client', { peer1role: 'server', peer2role: 'client' });
  node.syncManager.addPeer(peer);
  const state = node.syncManager.peers[id];
  if (!state) throw new Error('No peer.');
  return {
    sends(...contents: readonly Content[]) {
      for (const content of contents) node.syncManager.handleNewContent(content, state);
    },
    state,
  };
}

/** Alice's group with two maps, at a device of Bob, who has a role in it. Alice wrote `paid` in another session. */
async function start() {
  const seed = ++seeds;
  const [alice, second, bob] = [await device(seed), await device(seed), await device(100 + seed)];
  const group = alice.createGroup();
  for (const one of contentOf(alice, { id: bob.getCurrentAccountOrAgentID() as never }))
    bob.syncManager.handleNewContent(one, 'import');
  const [paid, rent] = [group.createMap(), group.createMap({ amount: 1 }, null, 'trusting')];
  for (const value of [group, paid, rent])
    for (const one of contentOf(alice, value)) second.syncManager.handleNewContent(one, 'import');
  const own = second.expectCoValueLoaded(paid.id).getCurrentContent() as RawCoMap;
  own.set('amount', 1_000, 'trusting');
  const accountID = alice.getCurrentAccountOrAgentID() as RawCoMap['id'];
  const onDropped = vi.fn();
  const droppedContent = createDroppedContent({
    node: bob,
    clock: createFakeClock(),
    pacer: createInstantPacer(),
    onDropped,
  });
  const relay = relayOf(bob, 'relay');
  const replayed: Content = { action: 'content', id: rent.id, priority: 3, new: {} };
  for (const { new: sessions } of contentOf(second, paid)) {
    const session = sessions[second.currentSessionID];
    if (session) replayed.new = { [second.currentSessionID]: session };
  }
  const base = [{ id: accountID }, group].flatMap((value) => contentOf(alice, value));
  return {
    alice,
    second,
    bob,
    group,
    paid,
    rent,
    accountID,
    relay,
    replayed,
    base,
    onDropped,
    droppedContent,
  };
}

const amountIn = (node: LocalNode, { id }: RawCoMap) =>
  (node.expectCoValueLoaded(id).getCurrentContent() as RawCoMap).get('amount');
const sessionsIn = (node: LocalNode, { id }: RawCoMap) =>
  Object.keys(node.getCoValue(id).knownState().sessions) as SessionID[];

it('[SEC-13] a session that was signed for another place is dropped, and leaves room for its author', async () => {
  const { alice, second, bob, rent, relay, replayed, base, onDropped } = await start();
  relay.sends(...base, ...contentOf(alice, rent), replayed, replayed);
  expect(sessionsIn(bob, rent)).toEqual([alice.currentSessionID]);
  expect(onDropped.mock.calls).toEqual([
    [
      {
        peerID: 'relay',
        id: rent.id,
        sessionID: second.currentSessionID,
        reason: 'It was signed for another CoValue or session.',
      },
    ],
  ]);
  (second.expectCoValueLoaded(rent.id).getCurrentContent() as RawCoMap).set('amount', 2, 'trusting');
  relayOf(bob, 'other').sends(...contentOf(second, rent));
  expect(amountIn(bob, rent)).toBe(2);
});

it('[SEC-13] the rest of a message with a dropped session is handled, and nothing waits for the session', async () => {
  const { alice, second, bob, rent, relay, replayed, base } = await start();
  const [whole] = contentOf(alice, rent);
  if (!whole) throw new Error('No content.');
  relay.sends(...base, {
    ...whole,
    new: { ...replayed.new, ...whole.new },
    expectContentUntil: { [alice.currentSessionID]: 1, [second.currentSessionID]: 1 },
  });
  expect(bob.getCoValue(rent.id).isCompletelyDownloaded()).toBe(true);
  expect(amountIn(bob, rent)).toBe(1);
});

it('[SEC-13] nothing waits for a session that was announced before it came and was dropped', async () => {
  const { alice, second, bob, rent, relay, replayed, base } = await start();
  const [whole] = contentOf(alice, rent);
  if (!whole) throw new Error('No content.');
  relay.sends(...base, {
    ...whole,
    expectContentUntil: { [alice.currentSessionID]: 1, [second.currentSessionID]: 1 },
  });
  const core = bob.getCoValue(rent.id);
  expect(core.isCompletelyDownloaded()).toBe(false);
  relay.sends(replayed);
  expect(core.isCompletelyDownloaded()).toBe(true);
  expect(core.knownStateWithStreaming().sessions).toEqual({ [alice.currentSessionID]: 1 });
});

it('[SEC-13] a value waits for what one relay announces of a session that another one sends in the wrong place', async () => {
  const { alice, bob, rent, relay, base } = await start();
  const [first] = contentOf(alice, rent);
  if (!first) throw new Error('No content.');
  const before = rent.core.knownState();
  rent.set('amount', 2, 'trusting');
  const { sessions } = rent.core.knownState();
  const honest = relayOf(bob, 'honest');
  const core = bob.getCoValue(rent.id);
  // Dropped content needs no signature.
  const forged = structuredClone(first);
  for (const { newTransactions } of Object.values(forged.new))
    for (const transaction of newTransactions)
      Object.assign(transaction, {
        meta: JSON.stringify({ at: `${base[0]?.id}/${alice.currentSessionID}` }),
      });
  relay.sends(...base, forged);
  honest.sends({ ...first, expectContentUntil: sessions });
  expect(core.isCompletelyDownloaded()).toBe(false);
  relay.sends(forged);
  expect(core.isCompletelyDownloaded()).toBe(false);
  honest.sends(...structuredClone(rent.core.newContentSince(before) ?? []));
  expect(core.isCompletelyDownloaded()).toBe(true);
});

it('[SEC-13] what follows a dropped session on the same connection is dropped, too', async () => {
  const { alice, second, bob, paid, rent, relay, replayed, base, droppedContent } = await start();
  relay.sends(...base, ...contentOf(alice, rent), replayed);
  (second.expectCoValueLoaded(paid.id).getCurrentContent() as RawCoMap).set('amount', 3, 'trusting');
  const later: Content = { ...replayed, new: {} };
  for (const { new: sessions } of contentOf(second, paid)) {
    const session = sessions[second.currentSessionID];
    if (session)
      later.new = {
        [second.currentSessionID]: {
          ...session,
          after: 1,
          newTransactions: session.newTransactions.slice(1),
        },
      };
  }
  expect(droppedContent.admit('relay', later)).toBeUndefined();
  expect(sessionsOf(droppedContent.admit('another', later) ?? later)).toHaveLength(1);
  expect(bob.getCoValue(rent.id).isErroredInPeer(relay.state.id)).toBe(false);
});

/** A session of the account that names no place, as a stock client writes it. */
async function stockWriter(seed: number, ...contents: readonly Content[]) {
  const { accountID, agentSecret, content } = await genesisOf(seed);
  const node = new LocalNode(agentSecret, stock.newRandomSessionID(accountID), stock);
  for (const one of [...(await content()), ...contents]) node.syncManager.handleNewContent(one, 'import');
  return node;
}

it('[SEC-14] an account that a kernel has made begins no session without a place', async () => {
  const { alice, bob, rent, relay, base, onDropped } = await start();
  const writer = await stockWriter(seeds, ...base, ...contentOf(alice, rent));
  (writer.expectCoValueLoaded(rent.id).getCurrentContent() as RawCoMap).set('amount', 7, 'trusting');
  relay.sends(...base, ...contentOf(writer, rent));
  expect(amountIn(bob, rent)).toBe(1);
  expect(onDropped).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({
      sessionID: writer.currentSessionID,
      reason: 'It names no place, although a kernel made the account.',
    }),
  );
});

it('[SEC-14] that is so, too, if the account arrives after the session', async () => {
  const { alice, bob, group, rent, accountID, relay, base, onDropped } = await start();
  const writer = await stockWriter(seeds, ...base, ...contentOf(alice, rent));
  (writer.expectCoValueLoaded(rent.id).getCurrentContent() as RawCoMap).set('amount', 7, 'trusting');
  relay.sends(...contentOf(writer, rent));
  expect(onDropped).not.toHaveBeenCalled();
  relay.sends(...contentOf(alice, { id: accountID }), ...contentOf(alice, group));
  await until(() => expect(amountIn(bob, rent)).toBe(1));
  expect(onDropped).toHaveBeenCalledOnce();
});

it('[SEC-14] other accounts begin sessions as they like', async () => {
  const { alice, bob, group, rent, relay, base, onDropped } = await start();
  const { node: carol } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'Carol' },
    crypto: stock,
  });
  const carolID = carol.getCurrentAccountOrAgentID() as RawCoMap['id'];
  for (const one of contentOf(carol, { id: carolID })) alice.syncManager.handleNewContent(one, 'import');
  group.addMember(alice.expectCoValueLoaded(carolID).getCurrentContent() as RawAccount, 'writer');
  for (const value of [{ id: alice.getCurrentAccountOrAgentID() as RawCoMap['id'] }, group, rent])
    for (const one of contentOf(alice, value)) carol.syncManager.handleNewContent(one, 'import');
  (carol.expectCoValueLoaded(rent.id).getCurrentContent() as RawCoMap).set('amount', 7, 'trusting');
  relay.sends(...contentOf(carol, { id: carolID }), ...base);
  relay.sends(...contentOf(alice, group), ...contentOf(carol, rent));
  expect(amountIn(bob, rent)).toBe(7);
  expect(onDropped).not.toHaveBeenCalled();
});
