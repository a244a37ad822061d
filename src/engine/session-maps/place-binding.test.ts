import { cojsonInternals, LocalNode, type RawAccountID, type RawCoValue } from 'cojson';
import { expect, test } from 'vitest';
import { createGenesis, type Content } from '../../session/account/genesis.ts';
import { createSessionCrypto } from '../session-crypto.ts';

const { subtle } = globalThis.crypto;

async function openAccount(seedByte: number): Promise<LocalNode> {
  const crypto = await createSessionCrypto();
  const genesis = await createGenesis(crypto, subtle, new Uint8Array(32).fill(seedByte));
  const node = new LocalNode(genesis.agentSecret, crypto.newRandomSessionID(genesis.accountID), crypto);
  for (const content of await genesis.content()) node.syncManager.handleNewContent(content, 'import');
  return node;
}

function transactionsIn(node: LocalNode, value: RawCoValue) {
  const contents: readonly Content[] = node.getCoValue(value.id).newContentSince() ?? [];
  return contents.flatMap(({ id, new: sessions }) =>
    Object.entries(sessions).flatMap(([sessionID, { newTransactions }]) =>
      newTransactions.map((transaction) => ({ id, sessionID, transaction })),
    ),
  );
}

function unboundIn(node: LocalNode, value: RawCoValue) {
  return transactionsIn(node, value).filter(
    ({ id, sessionID, transaction }) =>
      transaction.privacy === 'trusting' &&
      (JSON.parse(transaction.meta ?? '{}') as { at?: string }).at !== `${id}/${sessionID}`,
  );
}

test('[SEC-1] trusting transactions name their place: in groups, maps, lists and the account', async () => {
  const node = await openAccount(1);
  const group = node.createGroup();
  group.addMember('everyone', 'reader');
  const map = group.createMap({ a: 1 }, null, 'trusting');
  map.set('b', 2, 'trusting');
  map.assign({ c: 3 }, 'trusting', { note: 'kept' });
  const list = group.createList([1, 2], null, 'trusting');
  const account = node.expectCurrentAccount('just opened');
  account.set('root', map.id, 'trusting');

  for (const value of [group, map, list, account]) {
    expect(transactionsIn(node, value).length).toBeGreaterThan(0);
    expect(unboundIn(node, value)).toEqual([]);
  }
  expect(JSON.parse(transactionsIn(node, map).at(-1)?.transaction.meta ?? '')).toHaveProperty('note', 'kept');
});

test('the account’s own transactions name the agent’s session', async () => {
  const node = await openAccount(1);
  const account = node.expectCurrentAccount('just opened');
  account.set('root', account.get('root') ?? null, 'trusting');
  const sessionIDs = transactionsIn(node, account).map(({ sessionID }) => sessionID);
  expect(sessionIDs.every((sessionID) => sessionID.startsWith('sealer_z'))).toBe(true);
  expect(unboundIn(node, account)).toEqual([]);
});

test('private transactions stay as they are, because their nonce binds them', async () => {
  const node = await openAccount(1);
  const map = node.createGroup().createMap({ a: 1 });
  expect(transactionsIn(node, map).map(({ transaction }) => [transaction.privacy, transaction.meta])).toEqual(
    [['private', undefined]],
  );
});

test('a deletion keeps its meta, and another node accepts it', async () => {
  const node = await openAccount(1);
  const group = node.createGroup();
  const map = group.createMap({ a: 1 });
  map.core.deleteCoValue();
  expect(transactionsIn(node, map).map(({ transaction }) => transaction.meta)).toEqual([
    JSON.stringify({ deleted: map.id }),
  ]);

  const other = await openAccount(1);
  for (const content of [group, map].flatMap((value) => value.core.newContentSince() ?? [])) {
    other.syncManager.handleNewContent(content, 'import');
  }
  expect(other.getCoValue(map.id).isDeleted).toBe(true);
});

test('an accepted invite names its place, although cojson writes it with a helper node', async () => {
  const [host, guest] = [await openAccount(1), await openAccount(2)];
  const [hostPeer, guestPeer] = cojsonInternals.connectedPeers('host', 'guest', {
    peer1role: 'server',
    peer2role: 'client',
  });
  const group = host.createGroup();
  const invite = group.createInvite('writer');
  guest.syncManager.addPeer(hostPeer);
  host.syncManager.addPeer(guestPeer);
  await guest.acceptInvite(group.id, invite);

  const accepted = await guest.load(group.id);
  const guestID = guest.getCurrentAccountOrAgentID() as RawAccountID;
  if (accepted === 'unavailable') throw new Error('the group is unavailable');
  expect(accepted.roleOf(guestID)).toBe('writer');
  expect(new Set(transactionsIn(guest, accepted).map(({ sessionID }) => sessionID)).size).toBe(2);
  expect(unboundIn(guest, accepted)).toEqual([]);
});

test('the provider of a session also repairs hashes after a false signature', async () => {
  const author = await openAccount(1);
  const group = author.createGroup();
  const map = group.createMap({ a: 1 });
  const reader = await openAccount(1);
  const give = (contents: readonly Content[]) => {
    for (const content of contents) reader.syncManager.handleNewContent(content, 'import');
  };
  for (const { core } of [group, map]) give(core.newContentSince() ?? []);
  const known = map.core.knownState();
  map.set('a', 2);
  const next = map.core.newContentSince(known) ?? [];
  const lastSignature = author.crypto.sign(author.crypto.newRandomSigner(), 'something else');
  const forged = (sessions: Content['new']) =>
    Object.fromEntries(Object.entries(sessions).map(([id, session]) => [id, { ...session, lastSignature }]));
  give(next.map((content) => ({ ...content, new: forged(content.new) })));
  give(next);
  expect(reader.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
});
