import { cojsonInternals, type LocalNode, type Peer, type RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeSync } from '../../../test/support/sync/fake-sync.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';

let clock: FakeClock;
let node: LocalNode;
let map: RawCoMap;
let inspector: Inspector;

beforeEach(async () => {
  clock = createFakeClock(Date.now() + 60_000);
  node = await createAccountNode();
  inspector = createInspector(node, { clock, stopwatchMs: () => 0 });
  onTestFinished(() => inspector.close());
  map = node.createGroup().createMap({ title: 'Crew list' });
  await endOfTurn();
});

function serverPeer(id: string): Peer {
  const outgoing = { push: () => {}, close: () => {}, onClose: () => {} };
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  return { id, role: 'server', incoming, outgoing, persistent: true };
}

/** cojson sends a task's edits when the task ends. */
const endOfTurn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

const row = () => inspector.snapshot().unsynced.find(({ id }) => id === map.id);

/** Confirms everything that the node has. */
function confirmAll(peer: Peer): void {
  for (const core of node.allCoValues()) {
    const state = node.syncManager.peers[peer.id];
    if (state) node.syncManager.handleSyncMessage({ action: 'known', ...core.knownState() }, state);
  }
}

describe('a node that the kernel does not sync', () => {
  it('shows the tracker’s entries with their age, and unknowable facts as unknown', async () => {
    expect(row()).toMatchObject({
      name: 'Crew list',
      steps: { saved: 'unknown', sent: 'pending', confirmed: 'pending', durable: 'unknown' },
      trackedFor: ['any'],
      reason: { kind: 'no-server-peer', gone: [] },
    });
    expect(clock.nowMs() - (row()?.sinceMs ?? 0)).toBeGreaterThan(30_000);
    const { overview, peers } = inspector.snapshot();
    expect(overview).toMatchObject({ isStock: true, status: 'offline', relays: [] });
    expect(peers).toEqual([]);

    node.syncManager.addPeer(serverPeer('relay'));
    expect(row()?.steps).toMatchObject({ sent: 'pending', confirmed: 'pending' });
    map = node.createGroup().createMap({ title: 'Handed over' });
    await endOfTurn();
    clock.advance(1_000);
    expect(row()?.steps).toMatchObject({ sent: 'unknown', confirmed: 'pending' });
    expect(inspector.snapshot().peers[0]).toMatchObject({ bufferedBytes: 'unknown', promises: 'unknown' });
  });

  it('drops its rows once the peer confirms them', () => {
    const peer = serverPeer('relay');
    inspector.snapshot();
    node.syncManager.addPeer(peer);
    inspector.snapshot();
    confirmAll(peer);
    // A read between two checks must not swallow the notification.
    inspector.snapshot();
    clock.advance(1_000);
    expect(inspector.snapshot().unsynced).toEqual([]);
    expect(inspector.snapshot().peers).toMatchObject([{ id: 'relay', phase: 'connected' }]);
    expect(inspector.overview.current.status).toBe('confirmed');
  });

  it('repairs only a tracker that is out of date', async () => {
    node.syncManager.addPeer(serverPeer('old'));
    map.set('n', 1);
    await endOfTurn();
    node.syncManager.removePeer('old');
    const peer = serverPeer('new');
    node.syncManager.addPeer(peer);
    inspector.controls.repair(map.id);
    expect(row()?.trackedFor).toContain('old');

    confirmAll(peer);
    clock.advance(1_000);
    expect(row()?.reason).toEqual({ kind: 'out-of-date', waitsFor: ['old'] });
    inspector.controls.repair(map.id);
    expect(row()).toBeUndefined();
    expect(node.syncManager.unsyncedTracker.has(map.id)).toBe(false);
  });

  it('shows the session’s edits if syncWhen is never', async () => {
    const quiet = await createAccountNode({ syncWhen: 'never' });
    const own = quiet.createGroup().createMap({ n: 1 });
    const quietInspector = createInspector(quiet, { clock });
    onTestFinished(() => quietInspector.close());
    const { unsynced, overview } = quietInspector.snapshot();
    expect(unsynced.find(({ id }) => id === own.id)?.reason).toEqual({ kind: 'off', by: 'syncWhen' });
    expect(overview.status).toBe('off');
  });

  it('hides the key in a peer’s address, and still finds the peer', async () => {
    const peer = serverPeer('wss://user:word@relay.example/sync?key=sesame#end');
    node.syncManager.addPeer(peer);
    map.set('n', 1);
    await endOfTurn();
    clock.advance(1_000);
    const state = node.syncManager.peers[peer.id];
    if (!state) throw new Error('added above');
    const correction = {
      action: 'known',
      isCorrection: true,
      id: map.id,
      header: true,
      sessions: {},
    } as const;
    node.syncManager.handleSyncMessage(correction, state);
    const json = JSON.stringify([inspector.snapshot(), inspector.explain(map.id)]);
    expect(json).toContain('relay.example');
    expect(json).not.toMatch(/sesame|word/);
    expect(inspector.snapshot().peers[0]?.received.messages).toBe(1);
    expect(row()?.reason).toMatchObject({ kind: 'asked-again', host: 'relay.example' });
    map.core.markErrored(peer.id, new Error('a false signature'));
    expect(row()?.reason).toMatchObject({ kind: 'skipped', host: 'relay.example' });
  });

  it('is left as it was', () => {
    const peer = serverPeer('relay');
    node.syncManager.addPeer(peer);
    inspector.close();
    const { push } = peer.outgoing;
    const { addPeer, handleSyncMessage } = node.syncManager;
    const another = createInspector(node, { clock });
    expect(peer.outgoing.push).not.toBe(push);
    another.close();
    expect(peer.outgoing.push).toBe(push);
    expect(node.syncManager).toMatchObject({ addPeer, handleSyncMessage });
    expect(clock.waiting).toBe(0);
  });

  it('rejects faults', () => {
    expect(() => inspector.controls.setFaults({ seed: 1 })).toThrow(/setupSyncPeers/);
    expect(() => inspector.controls.setFaults(undefined)).not.toThrow();
  });

  it('is read as the kernel’s if the kernel syncs it', () => {
    createFakeSync(node, clock.nowMs());
    const ours = createInspector(node, { clock });
    expect(ours.overview.current).not.toHaveProperty('isStock');
    expect(ours.overview.current.relays).toHaveLength(1);
    ours.close();
  });
});
