import { LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it } from 'vitest';
import type { Content } from '../content.ts';
import { createClientNode, crypto as otherCrypto } from '../../../test/support/relay/stock-client.ts';
import { createSharedMap } from '../../../test/support/relay/test-relay.ts';
import { healSessionMaps } from './hash-repair.ts';

it('a false signature changes nothing: the true author goes on, and all signatures stay', async () => {
  const owner = await createClientNode();
  const mine = createSharedMap(owner);
  // Long enough for signatures within the session.
  for (let count = 0; count < 5; count++) mine.set('text', `${count} ${'x'.repeat(60_000)}`, 'trusting');

  const node = await runOf();
  const take = (piece: Content) => node.syncManager.handleNewContent(piece, 'import');
  const account = owner.expectCurrentAccountID('There is one.');
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
  if (!piece || !content) throw new Error('It is empty.');
  const lastSignature = otherCrypto.sign(otherCrypto.newRandomSigner(), 'something else');
  for (let count = 0; count < 3; count++)
    take({ ...piece, new: { [session]: { ...content, lastSignature } } });
  expect(copy.newContentSince(undefined)).toEqual(before);
  take(piece);
  expect(copy.knownState()).toEqual(mine.core.knownState());
  expect(copy.newContentSince(undefined)).toEqual(mine.core.newContentSince(undefined));
});

it('a session that another run goes on with is taken where its beginning was made, too', async () => {
  const first = await runOf();
  const second = await runOf(first);
  const group = first.createGroup();
  const map = group.createMap({ from: 'first' });
  map.set('again', 'first');
  give(first, second, [group.id, map.id]);

  const goneOn = second.getCoValue(map.id).getCurrentContent() as RawCoMap;
  goneOn.set('from', 'second');
  goneOn.set('again', 'second');
  give(second, first, [map.id]);
  expect(map.toJSON()).toEqual({ from: 'second', again: 'second' });

  // And on in turns, with signatures that everybody takes.
  map.set('from', 'first');
  give(first, second, [map.id]);
  expect(goneOn.get('from')).toBe('first');
  goneOn.set('from', 'second');
  give(second, first, [map.id]);
  expect(map.core.newContentSince(undefined)).toEqual(goneOn.core.newContentSince(undefined));
  const reader = await runOf();
  give(first, reader, [group.id, map.id]);
  expect(reader.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
});

/** A node of its own, or one that writes under the session of another. */
async function runOf(other?: LocalNode): Promise<LocalNode> {
  const crypto = healSessionMaps(await WasmCrypto.create());
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
