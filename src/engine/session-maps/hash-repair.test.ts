import { LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it, vi } from 'vitest';
import type { Content } from '../content.ts';
import { createClientNode, crypto as otherCrypto } from '../../../test/support/relay/stock-client.ts';
import { createSharedMap } from '../../../test/support/relay/test-relay.ts';
import { repairHashes } from './hash-repair.ts';
import { layerSessionMaps } from './session-maps.ts';

it('[SEC-2] accepts the true author after a false signature, and keeps all signatures', async () => {
  const owner = await createClientNode();
  const mine = createSharedMap(owner);
  // Large enough for several signatures in the session.
  for (let count = 0; count < 5; count++) mine.set('text', `${count} ${'x'.repeat(60_000)}`, 'trusting');

  const node = await createRun();
  const take = (piece: Content) => node.syncManager.handleNewContent(piece, 'import');
  const account = owner.expectCurrentAccountID('test');
  for (const id of [account, mine.group.id, mine.id]) {
    for (const piece of owner.getCoValue(id).newContentSince(undefined) ?? []) take(piece);
  }
  const copy = node.getCoValue(mine.id);
  const before = copy.newContentSince(undefined);
  expect(before).toHaveLength(3);

  const known = copy.knownState();
  mine.set('word', 'true');
  const [piece] = mine.core.newContentSince(known) ?? [];
  const [[session, content] = ['', undefined]] = Object.entries(piece?.new ?? {});
  if (!piece || !content) throw new Error('The edit has no content.');
  const lastSignature = otherCrypto.sign(otherCrypto.newRandomSigner(), 'something else');
  for (let count = 0; count < 3; count++)
    take({ ...piece, new: { [session]: { ...content, lastSignature } } });
  expect(copy.newContentSince(undefined)).toEqual(before);
  take(piece);
  expect(copy.knownState()).toEqual(mine.core.knownState());
  expect(copy.newContentSince(undefined)).toEqual(mine.core.newContentSince(undefined));
});

it('[SEC-2] costs no more with each false signature, and leaves no trace of it', async () => {
  const owner = await createClientNode();
  const mine = createSharedMap(owner);
  const crypto = await WasmCrypto.create();
  const create = vi.spyOn(crypto, 'createSessionMap');
  const node = await createRun(undefined, crypto);
  const account = owner.expectCurrentAccountID('test');
  for (const id of [account, mine.group.id, mine.id]) {
    for (const piece of owner.getCoValue(id).newContentSince(undefined) ?? [])
      node.syncManager.handleNewContent(piece, 'import');
  }
  const [piece] = mine.core.newContentSince(undefined) ?? [];
  const [content] = Object.values(piece?.new ?? {});
  if (!piece || !content) throw new Error('The map has no content.');
  const lastSignature = otherCrypto.sign(otherCrypto.newRandomSigner(), 'something else');
  const forged = Array.from(
    { length: 100 },
    (_, place) => [`${account}_session_z${place + 1}`, { ...content, lastSignature }] as const,
  );
  const before = create.mock.calls.length;
  node.syncManager.handleNewContent({ ...piece, new: Object.fromEntries(forged) }, 'import');
  expect(create.mock.calls.length - before).toBeLessThan(2);
  expect(node.getCoValue(mine.id).knownState()).toEqual(mine.core.knownState());
  expect([...(node.getCoValue(mine.id).verified?.getSessions().keys() ?? [])]).toEqual([
    ...mine.core.verified.getSessions().keys(),
  ]);
  expect(node.getCoValue(mine.id).newContentSince(undefined)).toEqual(mine.core.newContentSince(undefined));
});

it('[SEC-2] writes on after a false signature for the own session', async () => {
  const owner = await createRun();
  const map = owner.createGroup().createMap({ word: 'first' });
  const [piece] = map.core.newContentSince(undefined) ?? [];
  const content = piece?.new[owner.currentSessionID];
  if (!piece || !content) throw new Error('The map has no content.');
  const lastSignature = otherCrypto.sign(otherCrypto.newRandomSigner(), 'something else');
  const forged = { ...content, after: content.newTransactions.length, lastSignature };
  owner.syncManager.handleNewContent({ ...piece, new: { [owner.currentSessionID]: forged } }, 'import');
  map.set('word', 'second');
  const reader = await createRun();
  give(owner, reader, [map.group.id, map.id]);
  expect(reader.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
});

it('accepts what another run adds to a session that was written here', async () => {
  const first = await createRun();
  const second = await createRun(first);
  const group = first.createGroup();
  const map = group.createMap({ from: 'first' });
  map.set('again', 'first');
  give(first, second, [group.id, map.id]);

  const continued = second.getCoValue(map.id).getCurrentContent() as RawCoMap;
  continued.set('from', 'second');
  continued.set('again', 'second');
  give(second, first, [map.id]);
  expect(map.toJSON()).toEqual({ from: 'second', again: 'second' });

  // The two runs alternate, and a third node accepts their signatures.
  map.set('from', 'first');
  give(first, second, [map.id]);
  expect(continued.get('from')).toBe('first');
  continued.set('from', 'second');
  give(second, first, [map.id]);
  expect(map.core.newContentSince(undefined)).toEqual(continued.core.newContentSince(undefined));
  const reader = await createRun();
  give(first, reader, [group.id, map.id]);
  expect(reader.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
});

/** A node with a new session, or with the session of another node. */
async function createRun(other?: LocalNode, given?: WasmCrypto): Promise<LocalNode> {
  const crypto = given ?? (await WasmCrypto.create());
  layerSessionMaps(crypto, { 'hash-repair': repairHashes(crypto) });
  const secret = other?.agentSecret ?? crypto.newRandomAgentSecret();
  const sessionID = other?.currentSessionID ?? crypto.newRandomSessionID(crypto.getAgentID(secret));
  return new LocalNode(secret, sessionID, crypto);
}

function give(from: LocalNode, to: LocalNode, ids: readonly RawCoID[]): void {
  for (const id of ids) {
    const pieces = from.getCoValue(id).newContentSince(to.getCoValue(id).knownState()) ?? [];
    for (const piece of pieces) to.syncManager.handleNewContent(piece, 'import');
  }
}
