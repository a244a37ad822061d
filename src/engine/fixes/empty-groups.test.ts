import { cojsonInternals, LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it } from 'vitest';
import { patchEmptyGroups } from './empty-groups.ts';

const crypto = await WasmCrypto.create();

function openNode(): LocalNode {
  const secret = crypto.newRandomAgentSecret();
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}

const piecesOf = (node: LocalNode, id: RawCoID) => node.getCoValue(id).newContentSince(undefined) ?? [];

/** A node that has a map and only the header of its group, until `take` imports the rest. */
function openWithHeaderOnly() {
  const owner = openNode();
  const group = owner.createGroup();
  group.addMember('everyone', 'reader');
  const map = group.createMap({ word: 'here' });
  const node = openNode();
  const take = (id: RawCoID, only?: 'header') => {
    for (const piece of piecesOf(owner, id)) {
      node.syncManager.handleNewContent(only ? { ...piece, new: {} } : piece, 'import');
    }
  };
  take(group.id, 'header');
  take(map.id);
  const shown = async () => {
    const loaded = await node.load<RawCoMap>(map.id);
    return loaded === 'unavailable' ? loaded : loaded.toJSON();
  };
  const deletion = () => {
    const known = map.core.knownState();
    map.core.deleteCoValue();
    for (const piece of map.core.newContentSince(known) ?? [])
      node.syncManager.handleNewContent(piece, 'import');
  };
  return { node, group, map, take, shown, deletion };
}

/** Imports a session that assigns a role before the session that created the group; returns the role before and after. */
function importInWrongOrder() {
  const owner = openNode();
  const group = owner.createGroup();
  const again = new LocalNode(
    owner.agentSecret,
    crypto.newRandomSessionID(crypto.getAgentID(owner.agentSecret)),
    crypto,
  );
  const give = (from: LocalNode, to: LocalNode) => {
    for (const piece of piecesOf(from, group.id)) to.syncManager.handleNewContent(piece, 'import');
  };
  give(owner, again);
  groupIn(again, group.id).addMember('everyone', 'reader');
  const node = openNode();
  for (const { new: sessions, ...piece } of piecesOf(again, group.id)) {
    const { [owner.currentSessionID]: _, ...later } = sessions;
    node.syncManager.handleNewContent({ ...piece, new: later }, 'import');
  }
  const read = groupIn(node, group.id);
  const before = read.get('everyone');
  give(owner, node);
  return [before, read.get('everyone')];
}

const groupIn = (node: LocalNode, id: RawCoID) =>
  cojsonInternals.expectGroup(node.expectCoValueLoaded(id).getCurrentContent());

it('stock cojson never applies a transaction that arrives before its author’s right', () => {
  expect(importInWrongOrder()).toEqual([undefined, undefined]);
});

it('stock cojson throws on a group that has only its header', async () => {
  const { shown, deletion } = openWithHeaderOnly();
  await expect(shown()).rejects.toThrow(TypeError);
  expect(deletion).toThrow(TypeError);
});

it('the patch gives nobody a role in such a group until the rest arrives', async () => {
  patchEmptyGroups();
  patchEmptyGroups();
  const { node, group, map, take, shown, deletion } = openWithHeaderOnly();
  expect(await shown()).toEqual({});
  deletion();
  expect(node.getCoValue(map.id).isDeleted).toBe(false);
  take(group.id);
  expect(await shown()).toEqual({ word: 'here' });
});

it('the patch applies such a transaction when the right arrives', () => {
  patchEmptyGroups();
  expect(importInWrongOrder()).toEqual([undefined, 'reader']);
});
