import { LocalNode, type RawGroup } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, test } from 'vitest';
import { createSpareSession } from './spare-session.ts';

test('seals a group’s new key for the spare session that writes it', async () => {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  const agentID = crypto.getAgentID(secret);
  const sessionID = crypto.newRandomSessionID(agentID);
  const first = new LocalNode(secret, sessionID, crypto);
  const group = first.createGroup();
  const node = new LocalNode(secret, sessionID, await WasmCrypto.create());
  createSpareSession({ node, spareID: crypto.newRandomSessionID(agentID), isReliable: () => true });
  // A relay has sent the group; what earlier runs wrote has not been read.
  for (const piece of first.getCoValue(group.id).newContentSince() ?? [])
    node.syncManager.handleNewContent(piece, 'import');
  const own = node.expectCoValueLoaded(group.id).getCurrentContent() as RawGroup;

  own.rotateReadKey();

  const reader = new LocalNode(secret, crypto.newRandomSessionID(agentID), await WasmCrypto.create());
  for (const piece of node.getCoValue(group.id).newContentSince() ?? [])
    reader.syncManager.handleNewContent(piece, 'import');
  const read = reader.expectCoValueLoaded(group.id).getCurrentContent() as RawGroup;
  expect(read.getCurrentReadKey().secret).toBeDefined();
});
