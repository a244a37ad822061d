import { cojsonInternals, type LocalNode, type PeerState, type RawCoID } from 'cojson';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeSync } from '../../../test/support/sync/fake-sync.ts';
import { createPacer } from '../../base/pacer.ts';
import { createReadable } from '../../base/readable.ts';
import type { Content } from '../../engine/content.ts';
import { paceReleases } from '../../engine/release-pacing.ts';
import type { StorageStatus } from '../../storage/device-storage.ts';
import type { PeerStatus } from '../../sync/peer-status.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createLoads } from './create-loads.ts';
import { createSearches } from './create-searches.ts';

const nextTask = () => new Promise<void>((resolve) => setImmediate(resolve));

async function reader(isSlow = false) {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const node = await createAccountNode();
  const clock = createFakeClock();
  let nowMs = 0;
  const nowSlow = () => (nowMs += 5);
  const pacer = createPacer({ nowMs: isSlow ? nowSlow : clock.elapsedMs, nextTask });
  const pacing = paceReleases(node, pacer);
  onTestFinished(() => pacing.end());
  const [peer] = cojsonInternals.connectedPeers('relay', 'client', {
    peer1role: 'server',
    peer2role: 'client',
  });
  node.syncManager.addPeer(peer);
  const relay = node.syncManager.peers['relay'] as PeerState;
  const connected: PeerStatus = {
    id: 'relay',
    url: 'ws://relay.example',
    transport: 'test',
    phase: 'connected',
    sinceMs: 0,
  };
  const sync = createFakeSync(node, 0);
  sync.setState({ peers: [connected] });
  const storage = { status: createReadable<StorageStatus>({ kind: 'memory', state: 'memory-only' }) };
  const loads = createLoads({ searches: createSearches({ node, sync, storage, clock }), clock });
  const give = (content: Content | undefined) =>
    content && node.syncManager.handleNewContent(structuredClone(content), relay);
  /** Half of a load's time, in which everything that waits gets its turn. */
  async function pass(): Promise<void> {
    for (let ms = 0; ms < 1_000; ms += 10) {
      await nextTask();
      clock.advance(10);
    }
  }
  return { node, loads, give, pass };
}

const all = (node: LocalNode, id: string) => node.getCoValue(id as RawCoID).newContentSince() ?? [];
const idOf = (node: LocalNode) => node.getCurrentAccountOrAgentID() as RawCoID;
function bring(from: LocalNode, to: LocalNode, id: string): void {
  for (const piece of all(from, id)) to.syncManager.handleNewContent(piece, 'import');
}

it('resolves at once when the same content has arrived twice ahead of its group', async () => {
  const owner = await createAccountNode();
  const group = owner.createGroup();
  group.addMember('everyone', 'reader');
  const other = group.createMap({ a: 0 });
  const map = group.createMap({ a: 1 });
  const { loads, give, node, pass } = await reader(true);
  bring(owner, node, idOf(owner));
  const loading = loads.load(map.id, { timeoutMs: 2_000 });
  give(all(owner, other.id)[0]);
  give(all(owner, map.id)[0]);
  give(all(owner, map.id)[0]);
  for (const piece of all(owner, group.id)) give(piece);
  await pass();

  expect((await loading).get('a')).toBe(1);
});

it('resolves with what is readable when the key arrived with a member who has not', async () => {
  const [owner, { node, loads, give, pass }] = [await createAccountNode(), await reader()];
  const third = await createAccountNode();
  for (const [from, to] of [
    [node, owner],
    [third, owner],
    [owner, node],
  ] as const)
    bring(from, to, idOf(from));
  const account = (of: LocalNode) => owner.expectCoValueLoaded(idOf(of)).getCurrentContent() as never;
  const group = owner.createGroup();
  group.addMember(account(node), 'reader');
  for (const piece of all(owner, group.id)) give(piece);
  const before = node.getCoValue(group.id).knownState();
  // A new member, and a new key as after every removal.
  group.addMember(account(third), 'reader');
  group.rotateReadKey();
  const map = group.createMap({ a: 1 });
  const loading = loads.load(map.id, { timeoutMs: 2_000 });
  for (const piece of owner.getCoValue(group.id).newContentSince(before) ?? []) give(piece);
  for (const piece of all(owner, map.id)) give(piece);
  await nextTask();
  for (const piece of all(owner, idOf(third))) give(piece);
  await pass();

  expect((await loading).get('a')).toBe(1);
});
