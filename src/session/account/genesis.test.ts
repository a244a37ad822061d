import { cojsonInternals, LocalNode, type Peer, type RawCoID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, test } from 'vitest';
import { createGenesis, type Genesis } from './genesis.ts';
import { knownCountsOfContent } from '../../engine/known-counts.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { genesisSession } from './version-1.ts';

const subtle = globalThis.crypto.subtle;
const seed = new Uint8Array(32).map((_, index) => index);

async function genesisOf(seed: Uint8Array<ArrayBuffer>): Promise<Genesis> {
  return createGenesis(await createSessionCrypto(), subtle, seed);
}

/** A stock node that serves the given content, like a relay. */
async function stockRelayWith(genesis: Genesis): Promise<{ peer(): Peer }> {
  const crypto = await WasmCrypto.create();
  const agentSecret = crypto.newRandomAgentSecret();
  const agentID = crypto.getAgentID(agentSecret);
  const node = new LocalNode(agentSecret, crypto.newRandomSessionID(agentID), crypto);
  for (const content of await genesis.content()) node.syncManager.handleNewContent(content, 'import');
  return {
    peer() {
      const [client, server] = cojsonInternals.connectedPeers('client', 'relay', {
        peer1role: 'client',
        peer2role: 'server',
      });
      node.syncManager.addPeer(client);
      return server;
    },
  };
}

test('[ACC-1] a seed creates the same account everywhere, byte for byte', async () => {
  const [one, other] = [await genesisOf(seed), await genesisOf(seed)];
  expect({ ...one, content: await one.content() }).toEqual({ ...other, content: await other.content() });
});

test('the content has what its counts say, which are known before it is signed', async () => {
  const { counts, ...genesis } = await genesisOf(seed);
  const content = await genesis.content();
  expect(content.map(({ id }) => id)).toEqual([...counts.keys()]);
  for (const piece of content) expect(knownCountsOfContent(piece)).toEqual(counts.get(piece.id));
});

test('another seed creates another account, with nothing in common', async () => {
  const one = await genesisOf(seed);
  const other = await genesisOf(new Uint8Array(32).fill(7));
  expect(new Set([...(await one.content()), ...(await other.content())].map(({ id }) => id)).size).toBe(10);
});

test('a stock client opens the account with its agent secret, and reads and writes it', async () => {
  const genesis = await genesisOf(seed);
  const relay = await stockRelayWith(genesis);
  const node = await LocalNode.withLoadedAccount({
    accountID: genesis.accountID,
    accountSecret: genesis.agentSecret,
    sessionID: undefined,
    peers: [relay.peer()],
    crypto: await WasmCrypto.create(),
  });
  const account = node.expectCurrentAccount('opened');
  const load = async (id: RawCoID | null | undefined) => {
    const value = await node.load((id ?? 'missing') as typeof account.id);
    if (value === 'unavailable') throw new Error(`${id} is unavailable`);
    return value;
  };

  const root = await load(account.get('root'));
  const profile = await load(account.get('profile'));
  const kernelMap = await load(genesis.kernelMapID);
  for (const map of [root, profile, kernelMap]) {
    map.set('key' as never, 'private' as never);
    expect(map.get('key' as never)).toBe('private');
  }
  expect(profile.group.get('everyone')).toBeUndefined();
  expect(profile.group.roleOf(genesis.accountID)).toBe('admin');
  expect(root.group.id).toBe(genesis.accountID);
  expect(kernelMap.group.id).toBe(genesis.accountID);
});

test('opening it again writes nothing: no cojson migration finds anything to repair', async () => {
  const genesis = await genesisOf(seed);
  const relay = await stockRelayWith(genesis);
  const crypto = await WasmCrypto.create();
  const node = await LocalNode.withLoadedAccount({
    accountID: genesis.accountID,
    accountSecret: genesis.agentSecret,
    sessionID: undefined,
    peers: [relay.peer()],
    crypto,
  });
  const content = await genesis.content();
  for (const { id } of content) await node.loadCoValueCore(id);
  const written = content.flatMap(({ id }) =>
    (node.getCoValue(id).newContentSince() ?? []).flatMap((content) => Object.keys(content.new)),
  );
  expect(written.every((sessionID) => sessionID.endsWith(genesisSession))).toBe(true);
});

test('nothing of the genesis is readable without the account', async () => {
  const text = JSON.stringify(await (await genesisOf(seed)).content());
  expect(text).not.toContain('keySecret_');
  expect(text).not.toContain('everyone');
});

test('every transaction names the place that it was signed for', async () => {
  const content = await (await genesisOf(seed)).content();
  const transactions = content.flatMap(({ id, new: sessions }) =>
    Object.entries(sessions).flatMap(([sessionID, { newTransactions }]) =>
      newTransactions.map((transaction) => ({ transaction, place: `${id}/${sessionID}` })),
    ),
  );
  expect(transactions).toHaveLength(9);
  for (const { transaction, place } of transactions) {
    expect(transaction).toMatchObject({ privacy: 'trusting', madeAt: 1 });
    expect(JSON.parse(transaction.meta ?? '{}')).toEqual({ at: place });
  }
});
