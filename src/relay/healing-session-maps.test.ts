import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it } from 'vitest';
import { healSessionMaps } from './healing-session-maps.ts';
import type { Content } from './storage/content.ts';
import { createClientNode, crypto as otherCrypto } from './testing/stock-client.ts';
import { createSharedMap } from './testing/test-relay.ts';

it('a false signature changes nothing: the true author goes on, and all signatures stay', async () => {
  const owner = await createClientNode();
  const mine = createSharedMap(owner);
  // Long enough for signatures within the session.
  for (let count = 0; count < 5; count++) mine.set('text', `${count} ${'x'.repeat(60_000)}`, 'trusting');

  const crypto = healSessionMaps(await WasmCrypto.create());
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
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
