import { cojsonInternals, type LocalNode, type RawCoMap, type SessionID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { attacker, crypto, give, kernelNodes, newSecret, viewOf } from '../../../test/guard/nodes.ts';
import { startHostileRelay } from '../../../test/support/sync/hostile-relay.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';
import { authorOf, type Content } from '../../engine/content.ts';
import { followRefusedContent } from './refused-content.ts';
import { until } from '../../../test/support/until.ts';

const createMap = vi.spyOn(WasmCrypto.prototype, 'createSessionMap');
beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));

/** A device with edits that the relay does not confirm. */
async function start() {
  const secret = newSecret();
  const [node, copy] = [await kernelNodes.honest(secret), attacker(secret)];
  const map = node.createGroup().createMap({ a: 1 });
  give(copy, node, map.group, map);
  const relay = await startHostileRelay(() => []);
  const sync = startMemorySync(node, { url: relay.url });
  onTestFinished(() => sync.close());
  await until(() => expect(sync.current.peers[0]?.phase).toBe('connected'));
  const sends = async (...contents: readonly Content[]) => {
    const before = handled.length;
    relay.send(contents);
    await until(() => expect(handled.length - before).toBe(contents.length));
  };
  const handled: string[] = [];
  const { handleSyncMessage } = node.syncManager;
  vi.spyOn(node.syncManager, 'handleSyncMessage').mockImplementation((message, peer) => {
    handleSyncMessage.call(node.syncManager, message, peer);
    if (message.action === 'content') handled.push(message.id);
  });
  return { node, copy, map, relay, sync, sends };
}

/** A node that gets messages from two relays, and follows what it refuses of one. */
async function fromPeer() {
  const secret = newSecret();
  const [node, copy] = [await kernelNodes.honest(secret), attacker(secret)];
  const map = node.createGroup().createMap({ a: 1 });
  give(copy, node, map.group, map);
  const onRefused = vi.fn();
  const refused = followRefusedContent({ node, relayID: 'relay', onRefused });
  onTestFinished(() => refused.stop());
  const peerOf = (id: string) => {
    const [peer] = cojsonInternals.connectedPeers(id, 'client', { peer1role: 'server', peer2role: 'client' });
    node.syncManager.addPeer(peer);
    return (...contents: readonly Content[]) => {
      const state = node.syncManager.peers[id];
      if (state) for (const content of contents) node.syncManager.handleNewContent(content, state);
    };
  };
  return {
    node,
    copy,
    map,
    core: map.core,
    onRefused,
    refused,
    sends: peerOf('relay'),
    other: peerOf('other'),
  };
}

const lastSignature = crypto.sign(crypto.newRandomSigner(), 'something else');

/** So many transactions of the session, with a false signature. */
function forged({ id }: RawCoMap, sessionID: SessionID, after: number, count = 1): Content {
  const one = { privacy: 'trusting', madeAt: 1, changes: cojsonInternals.stableStringify([]) } as const;
  const newTransactions = Array.from({ length: count }, () => one);
  return {
    action: 'content',
    id,
    priority: 3,
    new: { [sessionID]: { after, newTransactions, lastSignature } },
  };
}

const ownCount = (map: RawCoMap) => map.core.knownState().sessions[map.core.node.currentSessionID] ?? 0;

function contentOf(node: LocalNode, { id }: RawCoMap, known?: RawCoMap): readonly Content[] {
  return structuredClone(node.getCoValue(id).newContentSince(known?.core.knownState()) ?? []);
}

test('[SEC-17] a wrong signature is verified once, and what the relay says of the CoValue is still handled', async () => {
  const { node, copy, map, sends } = await start();
  const before = createMap.mock.calls.length;
  for (let n = 0; n < 20; n++) await sends(forged(map, node.currentSessionID, ownCount(map), n + 1));
  expect(createMap.mock.calls.length - before).toBeLessThan(3);
  viewOf(copy, map).core.deleteCoValue();
  await sends(...contentOf(copy, map));
  expect(map.core.isDeleted).toBe(true);
});

test('[SEC-17] so is one of another session while an edit is pending, and in messages that arrive together', async () => {
  const { node, map, sends } = await start();
  const other = `${authorOf(node.currentSessionID)}_session_z2` as SessionID;
  const before = createMap.mock.calls.length;
  await sends(...Array.from({ length: 50 }, (_, n) => forged(map, other, 0, n + 1)));
  expect(createMap.mock.calls.length - before).toBeLessThan(3);
});

test('[SEC-17] a relay whose content is refused again and again is heard about the CoValue only on its next connection', async () => {
  const { refused, sends, core, map, node } = await fromPeer();
  for (let n = 0; n < 21; n++) {
    expect(core.isErroredInPeer('relay')).toBe(false);
    sends(forged(map, `${authorOf(node.currentSessionID)}_session_z${n + 2}` as SessionID, 0));
    expect(core.isErroredInPeer('relay')).toBe(true);
    refused.listenAgain(map.id);
  }
  expect(core.isErroredInPeer('relay')).toBe(true);
  refused.lost();
  expect(core.isErroredInPeer('relay')).toBe(false);
});

test('[SEC-2] a session whose signature was wrong is tried again once this device has more of it, or the relay is another', async () => {
  const { sends, map, node, copy, onRefused, other } = await fromPeer();
  sends(forged(map, node.currentSessionID, 1), forged(map, node.currentSessionID, 1));
  expect(onRefused).toHaveBeenCalledExactlyOnceWith(map.id, [node.currentSessionID]);
  map.set('a', 2);
  sends(forged(map, node.currentSessionID, 2));
  expect(onRefused).toHaveBeenCalledTimes(2);
  viewOf(copy, map).set('word', 'true');
  const { currentSessionID } = copy;
  sends(forged(map, currentSessionID, 0), ...contentOf(copy, map));
  expect(map.get('word')).toBeUndefined();
  other(...contentOf(copy, map));
  expect(map.get('word')).toBe('true');
});
